"""How many are here, in all and from each address."""

from gantry.domain.crowd import Crowd


def test_places() -> None:
    """A /64 is one address, a proxy is many people, and there is an end to all of it."""
    crowd = Crowd(4, each=1, proxies="10.0.0.0/8, ::1, proxy.internal")
    assert crowd.enter("2001:db8::1")
    assert crowd.enter("2001:db8::2") is None
    assert crowd.enter("10.1.2.3")
    place = crowd.enter("10.1.2.3")
    assert place
    assert crowd.enter("203.0.113.9")
    assert crowd.enter("10.1.2.3") is None
    crowd.leave(place)
    assert crowd.enter("10.9.9.9")
    anywhere = Crowd(2, each=1, proxies="*")
    assert all(anywhere.enter("203.0.113.9") for _ in range(2))
