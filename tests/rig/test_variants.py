"""Variants stretch what they say they stretch: what the program in there sees is asked, not assumed."""

import pytest

from rig import stream, targets

# What the guest may use of the CPU's features; x86-64's floor is SSE2.
FEATURES = {
    "x86_64-linux+core2duo": set(),
    "x86_64-linux+penryn": {"sse4.1"},
    "x86_64-linux+nehalem": {"sse4.1", "popcnt"},
    "x86_64-linux+qemu": {"sse4.1", "popcnt", "lzcnt", "bmi1", "bmi2", "fma"},
    "aarch64-linux+cortex-a53": set(),
    "aarch64-linux+cortex-a57": set(),
    "aarch64-linux+cortex-a72": set(),
    "aarch64-linux+bti": {"bti"},
    "x86_64-linux+floor": set(),
    "x86_64-linux+sse4": {"sse4.1", "popcnt"},
    "x86_64-windows+floor": set(),
}
PAGES = {"aarch64-linux+page16k": "16384", "aarch64-linux+page64k": "65536"}


def greeting(request, name):
    target = request.config.rig.all_targets.get(name) or targets.load_targets()[name]
    if target.host and target.runner_line() == [] and target.variant.runner_args:
        pytest.skip("not for this target: programs run on the machine itself")
    if target.missing():
        pytest.skip(target.missing())
    if not (targets.ROOT / target.trivet).exists():
        pytest.skip(f"{target.trivet} is not built")
    batch = stream.run_batch(target, "baseline", [("a", b"fn f() -> i64 { return 7; }\n//! f() == 7\n")])
    assert not batch.fault and [r.verdict for r in batch.runs["a"].results] == ["ok"], batch
    return batch.greeting


@pytest.mark.parametrize("name", FEATURES)
def test_features(request, name):
    """A mask can only take away: this machine may lack what the mask would allow."""
    told = greeting(request, name)
    seen = set(filter(None, told["features"].split(",")))
    masked = request.config.rig.all_targets[name].program_args
    assert seen <= FEATURES[name] if masked else seen == FEATURES[name], told


@pytest.mark.parametrize("name", PAGES)
def test_page_size(request, name):
    assert greeting(request, name)["pagesize"] == PAGES[name]


def test_page_size_that_was_not_taken(request):
    """A guest linked for small pages reports these, whatever the emulator was told: that is the rig's fault."""
    target = targets.load_targets()["aarch64-linux+page64k"]
    assert stream.wrong_page_size(target, {"pagesize": "4096"}) == \
        "aarch64-linux+page64k sees pages of 4096 bytes, but was to see 65536"
    assert stream.wrong_page_size(target, {"pagesize": "65536"}) == ""
