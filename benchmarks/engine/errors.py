"""What can go wrong: in one session of a load, or with a server as a whole."""


class SessionError(Exception):
    """A session did not go as it should; its text is the reason it is counted under."""


class ServerError(Exception):
    """A server did not start, or did not do what a scenario is about."""
