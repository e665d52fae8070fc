"""Who is at the other end of a robot's link, and since when."""

from __future__ import annotations

# A base station that has just come into contact has not yet told what it wants.
GRACE_S = 3.0

# One that has not told by then that it sends receipts sends none.
INTRODUCTION_S = 2.0

# A robot whose name is taken asks again after so long: the other one may be its own predecessor.
NAME_TAKEN_S = 2.0


class Contact:
    """What is known of base stations and of robots with the same name.

    The caller sees to it that one thread at a time uses it. All times are monotonic seconds.

    Args:
        now: time of the start.

    Attributes:
        connected: whether a base station can be reached.
        epoch: number of times that frames on their way may have been lost.
        bases: base stations that send receipts.
    """

    def __init__(self, now: float) -> None:
        self.connected = False
        self.epoch = 0
        self.bases: frozenset[str] = frozenset()
        self._since = self._until = now
        self._had_receipts = False
        self._namesakes: set[str] = set()
        self._name_taken_until = now
        self._wanted: dict[str, float] = {}  # when each was last seen to be wanted

    def see(self, listed: bool, matching: frozenset[str], now: float) -> bool:
        """Note whether there is contact; return whether it was lost just now.

        Contact is what comes of it, subscriptions and base stations, too: the end of an old
        connection may be reported after the begin of the new one.

        Args:
            listed: whether Zenoh lists a connection.
            matching: what is subscribed to.
            now: time.
        """
        connected = listed or bool(matching or self.bases)
        was_lost = self.connected and not connected
        if connected and not self.connected:
            self._since = now
        elif was_lost:
            self._until = now
            self.epoch += 1
        self.connected = connected
        return was_lost

    def wanted(self, matching: frozenset[str], now: float) -> frozenset[str]:
        """What the base station subscribes to; without contact, what it wanted last."""
        if self.connected:
            self._wanted.update(dict.fromkeys(matching, now))
            for name, seen in list(self._wanted.items()):
                if now - max(seen, self._since) > GRACE_S:
                    del self._wanted[name]
        return frozenset(self._wanted)

    def takes_frames(self, now: float) -> bool:
        """Whether a base station takes frames of this robot, and it is known how it answers."""
        known = bool(self.bases) or now - self._since > INTRODUCTION_S
        return self.connected and known and now >= self._name_taken_until

    def note_base(self, sender: str, present: bool) -> None:
        """Note that a base station came or went."""
        self.bases = self.bases | {sender} if present else self.bases - {sender}
        if not self.bases:
            self.epoch += 1
        self._had_receipts = self._had_receipts or present

    def note_namesake(self, sender: str, present: bool) -> None:
        """Note that another robot of the same name came or went."""
        if present:
            self._namesakes.add(sender)
        else:
            self._namesakes.discard(sender)

    def note_name_taken(self, now: float) -> None:
        """Note that the base station has refused a frame for the robot's name."""
        self._name_taken_until = now + NAME_TAKEN_S

    def problem(self, robot: str, endpoints: str, now: float) -> str | None:
        """Return why frames do not arrive, as a sentence, or None."""
        if not self.connected:
            return (
                f"no contact with the base station for {now - self._until:.0f} s: the frames of "
                "most worth wait"
            )
        if self._had_receipts and not self.bases:
            return (
                f"the router at {endpoints} answers, but no base station is behind it: start "
                "team_base_node, or check its parameter connect"
            )
        if self._namesakes or now < self._name_taken_until:
            return (
                f"another robot of the team is called {robot}, too, and the base station takes the "
                "frames of the one that came first: set the parameter robot_name"
            )
        return None
