# Trivet with everything its tests use.
#
#   docker build -t trivet .
#   docker run --rm trivet                              all tests on all targets
#   docker run --rm trivet agree                        the table of examples/
#   docker run --rm -v "$PWD:/work" trivet agree /work/my.tv
ARG BASE=debian:bookworm-slim
FROM $BASE

COPY scripts/setup.sh scripts/packages.txt /tmp/setup/
RUN sh /tmp/setup/setup.sh && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/setup

# Not root: nothing here needs it, and files made in a mounted folder should not be root's.
RUN useradd --create-home --uid 1000 trivet
COPY --chown=trivet:trivet . /trivet
RUN chown trivet:trivet /trivet
USER trivet
WORKDIR /trivet
# The programs and the Wine prefix are made once, here, and not by every run.
RUN make -j2 all-targets all-unit && { ! command -v wine >/dev/null || scripts/wine --warm; }

ENTRYPOINT ["ci/container"]
