"""What all tests share: the signals that they start with, and how many examples a property is tried on.

By default these are the same few ones every time; `make test-properties` searches many random ones.
"""

import signal

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

# A shell that runs the tests in its background has them ignore Ctrl-C. All that they start would as well; and after a
# run in their process Dagster answers SIGTERM as Ctrl-C is answered, so that they could not be ended either.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)
signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))

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
