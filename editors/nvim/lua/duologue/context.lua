---What LSP does not tell a server: where the cursor is, what other tools complain about, test runs and commits.
local client = require("duologue.client")
local pace = require("duologue.pace")

local M = {}

local GROUP = "duologue.context"
local INTERVAL_MS = 50
local MOST_OUTPUT_LINES = 400

---Programs that run tests, when a terminal runs them; only their end is looked at.
local TESTS = vim.regex(
  [[\v(^|[ /;&|])(pytest|py\.test|unittest|tox|nox|jest|vitest|mocha|ava|rspec|phpunit|ctest|busted]]
    .. [[|(cargo|go|npm|pnpm|yarn|bun|deno|make|dotnet|mix|gradle|gradlew|mvn|rake|swift|zig)\s+(run\s+)?test)>]]
)

---@type table? the cursor and what is visible, as last sent
local sent_place
---@type table<integer, boolean> buffers whose diagnostics changed
local stale = {}

---Where the server has put the cursor behind the last character of a line, on which it stands in Normal mode.
---@type { bufnr: integer, row: integer, byte: integer }?
local behind

---@param line string
---@param byte integer zero-based
---@param encoding string
---@return integer
local function character(line, byte, encoding)
  byte = math.min(byte, #line)
  if encoding == "utf-8" then
    return byte
  end
  if vim.fn.has("nvim-0.11") == 1 then
    return vim.str_utfindex(line, encoding, byte, false)
  end
  local utf32, utf16 = vim.str_utfindex(line, byte)
  return encoding == "utf-16" and utf16 or utf32
end

---@param bufnr integer
---@param row integer zero-based
---@param byte integer zero-based
---@param encoding string
---@return lsp.Position
local function position(bufnr, row, byte, encoding)
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
  return { line = row, character = character(line, byte, encoding) }
end

---@param bufnr integer
---@return vim.lsp.Client? the client that has this buffer
local function client_of(bufnr)
  local ours = client.get()
  return ours and vim.lsp.buf_is_attached(bufnr, ours.id) and ours or nil
end

---@param bufnr integer
---@return lsp.Range what the window shows of it
local function visible(bufnr)
  local first, last = vim.fn.line("w0") - 1, vim.fn.line("w$")
  return {
    start = { line = first, character = 0 },
    ["end"] = { line = math.min(last, vim.api.nvim_buf_line_count(bufnr)), character = 0 },
  }
end

---@param bufnr integer
---@return integer row zero-based
---@return integer byte zero-based, of the cursor, or of where the server has put it
local function cursor(bufnr)
  local at = vim.api.nvim_win_get_cursor(0)
  local row, byte = at[1] - 1, at[2]
  local text = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
  local mode = vim.api.nvim_get_mode().mode
  local there = behind and behind.bufnr == bufnr and behind.row == row and behind.byte == #text
  if there and mode == "n" and vim.fn.matchend(text, ".", byte) == #text then
    return row, #text
  end
  behind = nil
  return row, byte
end

---The server has put the cursor there.
---@param bufnr integer
---@param row integer zero-based
---@param byte integer zero-based
function M.put(bufnr, row, byte)
  behind = { bufnr = bufnr, row = row, byte = byte }
end

---@param bufnr integer
---@param encoding string
---@return lsp.Range? what is selected by character or by line
---@return lsp.Position? where the cursor is then, if it is by character: behind the last one, or at the first
local function selection(bufnr, encoding)
  local mode = vim.api.nvim_get_mode().mode:sub(1, 1)
  if mode ~= "v" and mode ~= "V" then
    return nil
  end
  local from, to = vim.fn.getpos("v"), vim.fn.getpos(".")
  local backwards = from[2] > to[2] or (from[2] == to[2] and from[3] > to[3])
  if backwards then
    from, to = to, from
  end
  if mode == "V" then
    return { start = { line = from[2] - 1, character = 0 }, ["end"] = { line = to[2], character = 0 } }
  end
  local text = vim.api.nvim_buf_get_lines(bufnr, to[2] - 1, to[2], false)[1] or ""
  local range = { start = position(bufnr, from[2] - 1, from[3] - 1, encoding) }
  if to[3] > #text then -- the end of the line is selected, too
    range["end"] = { line = to[2], character = 0 }
  else
    range["end"] = position(bufnr, to[2] - 1, vim.fn.matchend(text, ".", to[3] - 1), encoding)
  end
  return range, backwards and range.start or range["end"]
end

local push_cursor = pace(INTERVAL_MS, function()
  local bufnr = vim.api.nvim_get_current_buf()
  local ours = client_of(bufnr)
  if not ours then
    return
  end
  local uri = vim.uri_from_bufnr(bufnr)
  local row, byte = cursor(bufnr)
  local selected, at = selection(bufnr, ours.offset_encoding)
  local place = {
    cursor = {
      uri = uri,
      position = at or position(bufnr, row, byte, ours.offset_encoding),
      selection = selected,
    },
    visibleRanges = { uri = uri, ranges = { visible(bufnr) } },
  }
  if not vim.deep_equal(place, sent_place) then
    sent_place = place
    client.notify("duologue/context", place)
  end
end)

---@param bufnr integer
---@param encoding string
---@return lsp.Diagnostic[] of all tools but our own
local function diagnostics_of(bufnr, encoding)
  local items = {}
  for _, found in ipairs(vim.diagnostic.get(bufnr)) do
    local namespace = vim.diagnostic.get_namespace(found.namespace)
    if not namespace.name:find("lsp%.duologue") then
      table.insert(items, {
        range = {
          start = position(bufnr, found.lnum, found.col, encoding),
          ["end"] = position(bufnr, found.end_lnum or found.lnum, found.end_col or found.col, encoding),
        },
        severity = found.severity,
        message = found.message,
        source = found.source,
        code = found.code,
      })
    end
  end
  return items
end

local push_diagnostics = pace(INTERVAL_MS, function()
  for bufnr in pairs(stale) do
    local ours = vim.api.nvim_buf_is_loaded(bufnr) and client_of(bufnr)
    if ours then
      local uri = vim.uri_from_bufnr(bufnr)
      local items = diagnostics_of(bufnr, ours.offset_encoding)
      client.notify("duologue/context", { diagnostics = { uri = uri, items = items } })
    end
  end
  stale = {}
end)

---Tells the server all it has missed, once it can see a buffer.
---@param bufnr integer
function M.catch_up(bufnr)
  push_cursor()
  if #vim.diagnostic.get(bufnr) > 0 then
    stale[bufnr] = true
    push_diagnostics()
  end
end

---Forgets what a server that is gone has been told.
function M.forget()
  sent_place = nil
end

---@param event "commit"|"checkout"
function M.commit(event)
  client.notify("duologue/context", { git = { event = event } })
end

---@param result { passed: integer, failed: integer, message?: string, failures?: table[] }
---@return boolean whether there is a server that gets it
function M.tests(result)
  return client.notify("duologue/context", { tests = result })
end

---@param bufnr integer
---@return string what a terminal shows, in which the server finds the tests that failed
local function output(bufnr)
  local lines = vim.api.nvim_buf_get_lines(bufnr, -MOST_OUTPUT_LINES - 1, -1, false)
  return vim.trim(table.concat(lines, "\n"))
end

---A terminal tells how a program ended, not how many tests there were: a run counts as one.
---@param bufnr integer
---@param code integer
local function on_terminal_closed(bufnr, code)
  local command = vim.api.nvim_buf_get_name(bufnr):match("^term://.*//%d+:(.*)$")
  if command and TESTS:match_str(command) then
    local failed = code == 0 and 0 or 1
    local message = failed == 1 and ("%s ended with code %d\n%s"):format(command, code, output(bufnr)) or ""
    M.tests({ passed = 1 - failed, failed = failed, message = message })
  end
end

function M.watch()
  vim.api.nvim_create_augroup(GROUP, { clear = true })
  local moves = { "CursorMoved", "CursorMovedI", "BufEnter", "WinScrolled", "ModeChanged" }
  vim.api.nvim_create_autocmd(moves, { group = GROUP, callback = push_cursor })
  -- What shows a buffer may put the cursor somewhere in it, and CursorMoved is not said of a place that has the same
  -- line and column as the cursor had in the buffer before.
  vim.api.nvim_create_autocmd("BufEnter", { group = GROUP, callback = vim.schedule_wrap(push_cursor) })
  vim.api.nvim_create_autocmd("TermClose", {
    group = GROUP,
    callback = function(event)
      on_terminal_closed(event.buf, vim.v.event.status or 0)
    end,
  })
  vim.api.nvim_create_autocmd("DiagnosticChanged", {
    group = GROUP,
    callback = function(event)
      if client_of(event.buf) then
        stale[event.buf] = true
        push_diagnostics()
      end
    end,
  })
end

return M
