"""An event loop for tests of what waits for a browser."""


class FakeLoop:
    """Time passes only when told to; blocked = seconds by which every callback comes late."""

    def __init__(self):
        self.now, self.planned, self.blocked = 0.0, [], 0.0

    def time(self):
        return self.now

    def call_later(self, delay, callback):
        self.planned.append((self.now + delay, callback))

    def run(self, seconds):
        end = self.now + seconds
        while self.planned and self.planned[0][0] <= end:
            due, callback = self.planned.pop(0)
            self.now = due + self.blocked
            callback()
        self.now = max(self.now, end)
