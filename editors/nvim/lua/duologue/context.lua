---What LSP does not tell a server: where the cursor is, and what other tools complain about.
local client = require("duologue.client")
local pace = require("duologue.pace")

local M = {}

local GROUP = "duologue.context"
local INTERVAL_MS = 50

---@type lsp.Position? and its uri, as last sent
local sent_cursor
---@type table<integer, boolean> buffers whose diagnostics changed
local stale = {}

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

local push_cursor = pace(INTERVAL_MS, function()
  local bufnr = vim.api.nvim_get_current_buf()
  local ours = client_of(bufnr)
  if not ours then
    return
  end
  local at = vim.api.nvim_win_get_cursor(0)
  local cursor = {
    uri = vim.uri_from_bufnr(bufnr),
    position = position(bufnr, at[1] - 1, at[2], ours.offset_encoding),
  }
  if not vim.deep_equal(cursor, sent_cursor) then
    sent_cursor = cursor
    client.notify("duologue/context", { cursor = cursor })
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
  sent_cursor = nil
end

function M.watch()
  vim.api.nvim_create_augroup(GROUP, { clear = true })
  vim.api.nvim_create_autocmd({ "CursorMoved", "CursorMovedI", "BufEnter" }, { group = GROUP, callback = push_cursor })
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
