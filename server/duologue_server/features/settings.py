"""Settings: from `initializationOptions`, pulled by `workspace/configuration`, or pushed by the client."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from duologue_server.features.host import Host
from duologue_server.options import SECTION, Options, read_options


class Settings:
    """Reads settings from wherever they come; every problem is shown once.

    `apply` is called with the options whenever they were read.
    """

    def __init__(
        self,
        ls: LanguageServer,
        show: Callable[[str], None],
        log: Callable[[str], None],
        apply: Callable[[Options], None],
    ) -> None:
        self._ls = ls
        self._show = show
        self._log = log
        self._apply = apply
        self._base = Options()
        self._problems: list[str] = []
        self._shown: set[str] = set()
        self._pulls = 0

    def begin(self, params: types.InitializeParams) -> Options:
        """What the client said at `initialize`; problems wait for `show_problems`, for none may be shown yet."""
        raw = params.initialization_options
        if isinstance(raw, Mapping) and SECTION in raw:
            raw = raw[SECTION]
        self._base, self._problems = read_options(raw)
        return self._base

    def show_problems(self) -> None:
        """Shows what has not been shown before."""
        for problem in self._problems:
            if problem not in self._shown:
                self._shown.add(problem)
                self._show(problem)
        self._problems = []

    def pull(self) -> None:
        """Asks the client; only the answer to the newest question counts."""
        self._pulls += 1
        pull = self._pulls

        def answered(answer: "Future[Any]") -> None:
            if answer.cancelled() or pull != self._pulls:
                return
            error = answer.exception()
            if error is not None:
                self._log(f"the client did not tell its settings: {error}")
            else:
                items = answer.result()
                self.take(items[0] if items else None)

        wanted = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
        self._ls.protocol.send_request(types.WORKSPACE_CONFIGURATION, wanted).add_done_callback(answered)

    def take(self, raw: object) -> None:
        """Uses these settings over those from `initialize`."""
        options, problems = read_options(raw, self._base)
        self._problems += problems
        self.show_problems()
        self._apply(options)


def register(ls: LanguageServer, host: Host, settings: Settings) -> None:
    """Adds the handlers; the first question goes out when the client is ready for it."""

    def can(name: str) -> bool:
        workspace = ls.client_capabilities.workspace
        if name == "pull":
            return bool(workspace and workspace.configuration)
        changes = workspace.did_change_configuration if workspace else None
        return bool(changes and changes.dynamic_registration)

    @ls.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        host.wake()
        settings.show_problems()
        if can("register"):
            registration = types.Registration(
                id="duologue-settings",
                method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
            )
            ls.protocol.send_request(
                types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(registrations=[registration])
            )
        if can("pull"):
            settings.pull()

    @ls.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        pushed: Any = params.settings
        if isinstance(pushed, Mapping) and SECTION in pushed:
            settings.take(pushed[SECTION])
        elif can("pull"):
            settings.pull()
        elif pushed is not None:
            host.log(f"the client pushed settings without a section '{SECTION}'; they are ignored")
