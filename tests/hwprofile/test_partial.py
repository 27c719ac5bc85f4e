"""Values of which little is known."""

import pytest

from hwprofile.partial import partly_known
from hwprofile.profile import Allowance, HostProfile, State, Thread


def test_what_is_not_given_is_unknown():
    """None, empty or an unknown limit; what is given stands; and the whole is a profile like any."""
    host = partly_known(HostProfile, state=partly_known(State, isolated=(2, 3)))
    assert (host.state.isolated, host.state.turbo, host.state.c_states) == ((2, 3), None, ())
    assert host.allowance.cpu_quota.state == "unknown"
    assert host.topology.threads == ()
    assert HostProfile.from_json(host.to_json()) == host


def test_what_has_no_unknown_has_to_be_given():
    """A thread has a number; and a name that is no field is refused."""
    with pytest.raises(TypeError, match="number"):
        partly_known(Thread)
    with pytest.raises(TypeError, match="usables"):
        partly_known(Allowance, usables=(1,))
