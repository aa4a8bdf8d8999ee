"""How property tests are tried: on the same few examples every time, or in a search on many random ones.

`make test-properties` is the search.
"""

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

# Health checks that look at a clock would judge the machine.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("same", _UNTIMED, derandomize=True, database=None)
settings.register_profile("search", _UNTIMED, max_examples=5000, print_blob=True)
settings.load_profile("same")

_constants_of_loaded_modules = providers._get_local_constants


def _constants() -> Constants:
    """None for the same examples: which modules are loaded depends on the tests that ran before."""
    return Constants() if settings().derandomize else _constants_of_loaded_modules()


providers._get_local_constants = _constants
