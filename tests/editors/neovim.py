"""A real Neovim in a child process, driven over its own remote interface."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pynvim

PLUGIN = Path(__file__).parents[2] / "editors" / "nvim"
STUB = Path(__file__).with_name("stub_server.py")
NVIM = Path(sys.executable).with_name("nvim")
BARE = ("-u", "NONE", "-i", "NONE", "-n")
DEADLINE_S = 10.0
READY = {"voice": "ready", "microphone": "open"}


def line(text: str, **fields: Any) -> dict[str, Any]:
    """A finished line of the transcript."""
    return {"id": "1", "role": "partner", "text": text, "final": True, "heardUpTo": None, "cause": "", **fields}


def offer(**fields: Any) -> dict[str, Any]:
    """A waiting suggestion."""
    return {
        "id": "o1",
        "text": "totl is not defined",
        "urgency": 0.5,
        "trigger": "ruff:F821",
        "channel": "mark",
        "fix": "",
        "outcome": "waiting",
        **fields,
    }


def until(
    what: str, probe: Callable[[], Any], seen: Callable[[], object] = lambda: "", within_s: float = DEADLINE_S
) -> Any:
    """The first truthy answer of `probe`. Raises AssertionError with `what` and `seen` if there is none in time."""
    deadline = time.monotonic() + within_s
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {what}; seen: {seen()}")
        time.sleep(0.005)
    return answer


class Neovim:
    """A headless Neovim with the plugin on its path and the stub as its server."""

    def __init__(self, folder: Path, **environment: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.record = folder / "record.jsonl"
        self.record.touch()
        self.cmd = [sys.executable, str(STUB), str(self.record), "lsp"]
        names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
        for name in names:
            (folder / name.lower()).mkdir(mode=0o700, exist_ok=True)
        homes = {name: str(folder / name.lower()) for name in names} | environment
        self.api = self._run(homes)
        self.api.command(f"set runtimepath^={PLUGIN}")
        self.api.command("runtime plugin/duologue.lua")
        self.api.command("filetype on")
        self.lua(
            """
            seen = { notes = {}, states = {} }
            vim.notify = function(text, level) table.insert(seen.notes, { text = text, level = level }) end
            vim.api.nvim_create_autocmd("User", { pattern = "DuologueState", callback = function(event)
              table.insert(seen.states, event.data.voice)
            end })
            """
        )

    def _run(self, environment: dict[str, str]) -> Any:
        """Starts Neovim; the connection to it."""
        assignments = (f"{name}={value}" for name, value in environment.items())
        return pynvim.attach("child", argv=["env", *assignments, str(NVIM), "--embed", "--headless", *BARE])

    def close(self) -> None:
        """Ends Neovim. Raises AssertionError if the server had met a method that it does not know."""
        with suppress(EOFError, OSError):  # how a Neovim that ends takes its leave
            self.api.command("qall!")
        self.api.close()
        assert not [message for message in self.messages() if "unknown" in message]

    def lua(self, code: str, *args: Any) -> Any:
        """Runs Lua inside; `...` are `args`."""
        return self.api.exec_lua(code, *args)

    def setup(self, **options: Any) -> None:
        """`require("duologue").setup` with the stub as the command."""
        self.lua('require("duologue").setup(...)', {"cmd": self.cmd, **options})

    def edit_unseen(self, name: str) -> None:
        """Opens a new file, not waiting for any server."""
        self.api.command(f"edit {self.folder / name}")

    def edit(self, name: str, text: str) -> Path:
        """Opens a file of this text; back when the server has seen it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.api.command(f"edit {path}")
        uri = path.as_uri()
        self.sent("textDocument/didOpen", lambda p: p["textDocument"]["uri"] == uri)
        return path

    def push(self, method: str, params: dict[str, Any]) -> None:
        """Has the server send a notification."""
        self.notify("stub/push", {"method": method, "params": params})

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Sends a notification to the server."""
        self.lua("local m, p = ...; vim.lsp.get_clients({ name = 'duologue' })[1]:notify(m, p)", method, params)

    def refuse(self, verb: str, message: str) -> None:
        """Has the server refuse a verb from now on; without a message it takes it."""
        self.notify("stub/refuse", {"command": f"duologue.{verb}", "message": message})

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Has the server send a request; what the plugin answers, waiting for it."""
        request_id = f"asked{len(self.messages('stub/push'))}"
        self.notify("stub/push", {"id": request_id, "method": method, "params": params})
        return self.until(method, lambda: [m for m in self.messages() if m.get("id") == request_id])[0]["result"]

    def state(self, **fields: Any) -> None:
        """Has the server tell its state; back when the plugin has it."""
        self.push("duologue/state", fields)
        self.until(f"state {fields}", lambda: fields.items() <= self.lua('return require("duologue").state()').items())

    def messages(self, method: str = "") -> list[dict[str, Any]]:
        """What the server has got so far, of this method or all."""
        lines = self.record.read_text(encoding="utf-8").splitlines(keepends=True)
        messages = [json.loads(line) for line in lines if line.endswith("\n")]
        return [message for message in messages if not method or message.get("method") == method]

    def sent(self, method: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The parameters of the first message of this method that fits, waiting for it."""

        def probe() -> dict[str, Any] | None:
            found = (message["params"] for message in self.messages(method))
            return next((params for params in found if fits(params)), None)

        params: dict[str, Any] = until(method, probe, lambda: self.messages(method)[-5:] or self.notes())
        return params

    def until(self, what: str, probe: Callable[[], Any]) -> Any:
        """Waits for `probe`."""
        return until(what, probe, self.notes)

    def notes(self) -> list[str]:
        """Everything that went to the user by vim.notify."""
        return [note["text"] for note in self.lua("return seen.notes")]

    def noted(self, part: str) -> str:
        """The first message to the user that holds `part`, waiting for it."""
        note: str = self.until(f"a message with {part!r}", lambda: next((n for n in self.notes() if part in n), None))
        return note

    def maps(self, mode: str, described: str = "") -> list[str]:
        """The keys that are mapped in a mode, those whose description begins so."""
        lhs: list[str] = self.lua(
            """
            local mode, described = ...
            local maps = vim.tbl_filter(function(map)
              return vim.startswith(map.desc or "", described)
            end, vim.list_extend(vim.api.nvim_get_keymap(mode), vim.api.nvim_buf_get_keymap(0, mode)))
            return vim.tbl_map(function(map) return map.lhs end, maps)
            """,
            mode,
            described,
        )
        return lhs

    def caption(self) -> list[str]:
        """The rows of the caption window; empty without one."""
        rows: list[str] = self.lua(
            """
            for _, win in ipairs(vim.api.nvim_list_wins()) do
              if vim.api.nvim_win_get_config(win).relative ~= "" then
                return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(win), 0, -1, false)
              end
            end
            return {}
            """
        )
        return rows

    def marks(self, namespace: str, bufnr: int = 0) -> list[Any]:
        """The extmarks of one of our namespaces: id, row, column, details."""
        found: list[Any] = self.lua(
            """
            local name, bufnr = ...
            local namespace = vim.api.nvim_create_namespace("duologue." .. name)
            return vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })
            """,
            namespace,
            bufnr,
        )
        return found
