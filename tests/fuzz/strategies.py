"""The generator as a Hypothesis strategy, for tests that want Hypothesis's own search and shrinking."""

from hypothesis import strategies

import generate


@strategies.composite
def programs(draw):
	"""A well-typed program, as a tree (generate.Node)."""
	return generate.generate(generate.Source(lambda n: draw(strategies.integers(0, n - 1))))
