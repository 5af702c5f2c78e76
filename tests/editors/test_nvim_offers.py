"""Suggestions in the Neovim plugin: shown, accepted, and the edits that follow; in a real Neovim, against a stub."""

from pathlib import Path
from typing import Any

import pytest

from editors.neovim import READY, Neovim, offer

OTHER_TOOL = """
    local actions, offset_encoding = ...
    local function cmd(dispatchers)
      return {
        request = function(method, params, on_reply)
          if method == "initialize" then
            on_reply(nil, { capabilities = { codeActionProvider = true, positionEncoding = offset_encoding } })
          elseif method == "textDocument/codeAction" then
            seen.asked = params
            on_reply(nil, actions)
          else
            on_reply(nil, vim.NIL)
          end
          return true, 1
        end,
        notify = function() return true end,
        is_closing = function() return false end,
        terminate = function() end,
      }
    end
    vim.lsp.buf_attach_client(0, vim.lsp.start({ name = "other", cmd = cmd }, { attach = false }))
"""


def drawn(nvim: Neovim) -> list[tuple[int, str]]:
    """Line and words of each suggestion that is shown."""
    return [(row, "".join(text for text, _ in details["virt_text"])) for _, row, _, details in nvim.marks("offers")]


def shown(nvim: Neovim, path: Path, **fields: Any) -> dict[str, Any]:
    """The details of the mark of one suggestion, once it is there."""
    nvim.push("duologue/offer", offer(uri=path.as_uri(), **fields))
    mark: dict[str, Any] = nvim.until("a mark", lambda: nvim.marks("offers"))[0][3]
    return mark


def groups(mark: dict[str, Any]) -> list[str]:
    """Highlight groups of what stands behind the line."""
    return [group for _, group in mark["virt_text"][1:]]


def test_a_suggestion_stands_at_its_line_until_its_outcome(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\nthree\n")
    told = offer(uri=path.as_uri(), line=2)
    nvim.push("duologue/offer", told)
    nvim.until("a mark", lambda: drawn(nvim) == [(2, "  ◆ totl is not defined")])

    nvim.api.command("1delete")
    nvim.push("duologue/offer", {**told, "outcome": "spoken"})
    nvim.state(**READY, seq=1)
    assert [row for row, _ in drawn(nvim)] == [1]

    nvim.push("duologue/offer", {**told, "outcome": "dismissed"})
    nvim.until("no mark", lambda: not nvim.marks("offers"))


def test_a_suggestion_moves_with_its_text(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\nthree\n")
    shown(nvim, path, line=2)
    nvim.api.command("normal! ggOzero")
    assert [row for row, _ in drawn(nvim)] == [3]


def test_a_suggestion_waits_for_its_file_and_for_nowhere(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "one\n")
    uri = (nvim.folder / "b.py").as_uri()
    nvim.push("duologue/offer", offer(id="nowhere"))
    nvim.push("duologue/offer", offer(uri=uri, line=99))
    nvim.edit("b.py", "one\ntwo\n")
    assert [row for row, _ in nvim.until("a mark", lambda: drawn(nvim))] == [1]


@pytest.mark.parametrize(
    ("fields", "group", "place"),
    [
        ({}, "DuologueOffer", None),
        ({"channel": "mark"}, "DuologueOffer", None),
        ({"channel": "cue"}, "DuologueCue", "DuologuePlace"),
        ({"channel": "speech"}, "DuologueCue", "DuologuePlace"),
        ({"outcome": "spoken"}, "DuologueCue", "DuologuePlace"),
        ({"channel": "siren", "colour": ["red"]}, "DuologueOffer", None),
        ({"channel": None, "fix": None}, "DuologueOffer", None),
    ],
)
def test_what_is_louder_is_more_visible(nvim: Neovim, fields: dict[str, Any], group: str, place: str | None) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\n")
    mark = shown(nvim, path, line=0, **fields)
    assert groups(mark) == [group]
    assert mark.get("line_hl_group") == place


def test_a_mark_that_becomes_a_cue_changes_in_its_place(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\n")
    shown(nvim, path, line=0, channel="mark")
    nvim.api.command("normal! ggOzero")
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=0, channel="cue"))
    nvim.until("louder", lambda: groups(nvim.marks("offers")[0][3]) == ["DuologueCue"])
    assert [row for row, _ in drawn(nvim)] == [1]


def test_that_accepting_edits_is_told_even_where_there_is_little_room(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", f"{'x' * 30}\n")
    text = "a sentence that is much longer than what is left of the line, and therefore cut"
    mark = shown(nvim, path, line=0, fix="Replace resutl by result", text=text)
    assert groups(mark) == ["DuologueOffer", "DuologueHint"]
    (_, words) = drawn(nvim)[0]
    assert words.endswith("…  ✎ ")
    assert len(words) + 30 + 2 <= nvim.api.options["columns"]


@pytest.mark.parametrize(("offers", "hints", "visible"), [(True, False, True), ("inlay_hint", True, False)])
def test_suggestions_do_not_stand_there_twice(nvim: Neovim, offers: bool | str, hints: bool, visible: bool) -> None:
    nvim.setup(offers=offers)
    path = nvim.edit("a.py", "one\n")
    assert nvim.lua("return vim.lsp.get_clients()[1].server_capabilities.inlayHintProvider == true") is hints
    assert not nvim.lua("return vim.lsp.inlay_hint.is_enabled()")
    mark = shown(nvim, path, line=0)
    assert ("virt_text" in mark) is visible
    nvim.api.command("Duologue accept")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{"id": "o1"}])


def test_hints_are_asked_for_only_where_the_user_has_them_on(nvim: Neovim) -> None:
    nvim.setup(offers="inlay_hint")
    nvim.edit("a.py", "one\n")
    nvim.edit("b.py", "two\n")
    assert not nvim.messages("textDocument/inlayHint")
    nvim.lua("vim.lsp.inlay_hint.enable(true)")
    nvim.sent("textDocument/inlayHint")


def test_no_suggestions_when_they_are_switched_off(nvim: Neovim) -> None:
    nvim.setup(offers=False)
    path = nvim.edit("a.py", "one\n")
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=0))
    nvim.state(**READY, seq=1)
    assert not nvim.marks("offers")


def test_jumping_from_one_suggestion_to_the_one_before(nvim: Neovim) -> None:
    nvim.setup()
    one = nvim.edit("a.py", "one\n    two\n")
    two = nvim.edit("b.py", "three\n")
    nvim.api.command("Duologue jump")
    nvim.noted("there is no suggestion")
    shown(nvim, two, id="older", line=0)
    nvim.push("duologue/offer", offer(id="newer", uri=one.as_uri(), line=1))
    nvim.until("both", lambda: len(nvim.lua('return require("duologue").offers()')) == 2)
    nvim.api.command("Duologue jump")
    assert nvim.api.current.buffer.name == str(one)
    assert nvim.api.current.window.cursor == (2, 4)
    nvim.api.command("Duologue jump")
    assert nvim.api.current.buffer.name == str(two)


# Edits


def replacing(path: Path, line: int, first: int, last: int, text: str) -> dict[str, Any]:
    """A text edit of one line, as a document change without a version."""
    span = {"start": {"line": line, "character": first}, "end": {"line": line, "character": last}}
    edit = {"range": span, "newText": text, "annotationId": "fix"}
    return {"textDocument": {"uri": path.as_uri(), "version": None}, "edits": [edit]}


def apply(nvim: Neovim, *changes: dict[str, Any], **annotation: Any) -> dict[str, Any]:
    """Has the server ask for an edit; the plugin's answer."""
    note = {"label": "Replace resutl by result", **annotation}
    edit = {"documentChanges": list(changes), "changeAnnotations": {"fix": note}}
    answer: dict[str, Any] = nvim.ask("workspace/applyEdit", {"label": "Replace resutl by result", "edit": edit})
    return answer


def test_what_the_plugin_says_that_it_can(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    workspace = nvim.sent("initialize")["capabilities"]["workspace"]
    assert workspace["applyEdit"] is True
    assert workspace["workspaceEdit"]["documentChanges"] is True
    assert workspace["workspaceEdit"]["changeAnnotationSupport"] == {"groupsOnLabel": False}


def test_accepting_by_key_makes_the_edit_puts_the_cursor_there_and_is_undone_at_once(nvim: Neovim) -> None:
    nvim.setup(keymaps={"accept": "<F10>"})
    path = nvim.edit("a.py", "def f(result):\n    return resutl\n")
    nvim.refuse("accept", "")
    nvim.state(**READY, seq=1)
    shown(nvim, path, line=1, fix="Replace resutl by result", text="undefined name resutl")
    nvim.api.input("<F10>")
    nvim.sent("workspace/executeCommand", lambda p: p["command"] == "duologue.accept")
    answer = apply(nvim, replacing(path, 1, 11, 17, "result"))
    assert answer == {"applied": True}
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=1, fix="Replace resutl by result", outcome="accepted"))
    nvim.until("no mark", lambda: not nvim.marks("offers"))
    assert nvim.api.current.buffer[:] == ["def f(result):", "    return result"]
    assert nvim.api.current.window.cursor == (2, 4)
    assert nvim.marks("edits")[0][1] == 1
    nvim.noted("Replace resutl by result; u undoes it")
    nvim.api.command("undo")
    assert nvim.api.current.buffer[1] == "    return resutl"


def test_an_edit_of_several_places_is_shown_in_each(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\nthree\n")
    first, second = replacing(path, 0, 0, 0, "a\nb\n"), replacing(path, 2, 0, 5, "3")
    first["edits"] += second["edits"]
    assert apply(nvim, first)["applied"]
    assert nvim.api.current.buffer[:] == ["a", "b", "one", "two", "3"]
    assert [row for _, row, *_ in nvim.marks("edits")] == [0, 4]


def test_an_edit_of_a_text_that_has_changed_is_refused_and_nothing_is_half_done(nvim: Neovim) -> None:
    nvim.setup()
    other = nvim.edit("other.py", "one\n")
    path = nvim.edit("a.py", "two\n")
    nvim.api.command("normal! x")
    nvim.sent("textDocument/didChange")
    stale = replacing(path, 0, 0, 1, "t")
    stale["textDocument"]["version"] = nvim.messages("textDocument/didOpen")[1]["params"]["textDocument"]["version"]
    answer = apply(nvim, replacing(other, 0, 0, 3, "1"), stale)
    assert answer == {"applied": False, "failureReason": "a.py has changed since"}
    nvim.noted("Replace resutl by result was not made: a.py has changed since")
    assert nvim.lua("return vim.fn.getbufline(...)", str(other), 1) == ["one"]


def test_what_needs_confirmation_is_asked(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\n")
    nvim.lua("vim.fn.confirm = function(text) seen.asked = text; return seen.reply end; seen.reply = 2")
    change = replacing(path, 0, 0, 3, "1")
    answer = apply(nvim, change, needsConfirmation=True, description="in one file")
    assert answer == {"applied": False, "failureReason": "the user declined"}
    assert nvim.lua("return seen.asked") == "Replace resutl by result\nin one file"
    nvim.lua("seen.reply = 1")
    assert apply(nvim, change, needsConfirmation=True)["applied"]
    assert nvim.api.current.buffer[:] == ["1"]


def test_an_edit_of_a_file_that_is_not_open(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    path = nvim.folder / "closed.py"
    path.write_text("one\n")
    assert apply(nvim, replacing(path, 0, 0, 3, "1"))["applied"]
    nvim.api.command(f"edit {path}")
    assert nvim.api.current.buffer[:] == ["1"]


def action(path: Path, text: str, **fields: Any) -> dict[str, Any]:
    """A quick fix of another tool that replaces the first line."""
    edits = {path.as_uri(): [replacing(path, 0, 0, 3, text)["edits"][0]]}
    return {"title": text, "kind": "quickfix", "edit": {"changes": edits}, **fields}


@pytest.mark.parametrize(
    ("preferred", "fix", "text"),
    [
        ([True, False], "", "1"),
        ([True], None, "1"),
        ([True, True], "", "one"),
        ([False], "", "one"),
        ([True], "Replace resutl by result", "one"),
    ],
)
def test_accepting_makes_the_one_fix_that_another_tool_prefers_unless_the_server_does(
    nvim: Neovim, preferred: list[bool], fix: str | None, text: str
) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\n")
    actions = [action(path, str(n), isPreferred=sure) for n, sure in enumerate(preferred, 1)]
    nvim.lua(OTHER_TOOL, actions, "utf-16")
    shown(nvim, path, line=0, fix=fix)
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=0, outcome="accepted"))
    nvim.until("no mark", lambda: not nvim.marks("offers"))
    nvim.until(text, lambda: nvim.api.current.buffer[0] == text)
    if fix:
        assert nvim.lua("return seen.asked") is None
    else:
        asked = nvim.until("asked", lambda: nvim.lua("return seen.asked"))
        assert asked["context"]["only"] == ["quickfix"]


def test_a_suggestion_accepted_while_typing_elsewhere_moves_nobody(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\n")
    shown(nvim, path, line=0)
    here = nvim.edit("b.py", "two\n")
    nvim.api.input("A")
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=0, outcome="accepted"))
    nvim.until("taken", lambda: not nvim.lua('return require("duologue").offers()'))
    assert nvim.api.current.buffer.name == str(here)
    assert nvim.api.current.window.cursor == (1, 3)
