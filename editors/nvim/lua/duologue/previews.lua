---What a spoken command is about to do, in the text and in the captions; and where it puts the cursor.
local captions = require("duologue.captions")
local context = require("duologue.context")

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("duologue.previews")
---How long the eye is led to what a command has just done; a question stays until it is answered.
local SEEN_MS = 1500

---@type integer?
local lit
local generation = 0

---@class duologue.Preview
---@field uri string
---@field ranges lsp.Range[]
---@field caption string
---@field question string

local function clear()
  if lit and vim.api.nvim_buf_is_valid(lit) then
    vim.api.nvim_buf_clear_namespace(lit, NAMESPACE, 0, -1)
  end
  lit = nil
  captions.note(nil)
end

---@param bufnr integer
---@param at lsp.Position
---@param encoding string
---@return integer row zero-based
---@return integer byte zero-based
local function place(bufnr, at, encoding)
  local row = math.min(at.line, vim.api.nvim_buf_line_count(bufnr) - 1)
  local text = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
  if at.line > row then
    return row, #text
  end
  if vim.fn.has("nvim-0.11") == 1 then
    return row, vim.str_byteindex(text, encoding, at.character, false)
  end
  local found, byte = pcall(vim.str_byteindex, text, at.character, encoding == "utf-16")
  return row, found and byte or #text
end

---@param preview duologue.Preview
---@param encoding string
function M.show(preview, encoding)
  clear()
  generation = generation + 1
  local mine = generation
  local bufnr = preview.uri ~= "" and vim.fn.bufnr(vim.uri_to_fname(preview.uri)) or -1
  if bufnr >= 0 and vim.api.nvim_buf_is_loaded(bufnr) then
    lit = bufnr
    for _, range in ipairs(preview.ranges or {}) do
      local row, byte = place(bufnr, range.start, encoding)
      local end_row, end_byte = place(bufnr, range["end"], encoding)
      vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, row, byte, {
        end_row = end_row,
        end_col = end_byte,
        hl_group = "DuologuePreview",
        strict = false,
      })
    end
  end
  local asked = (preview.question or "") ~= ""
  local said = asked and preview.question or preview.caption or ""
  if said ~= "" then
    captions.note({ text = said, asked = asked })
  end
  if not asked then
    vim.defer_fn(function()
      if generation == mine then
        clear()
      end
    end, SEEN_MS)
  end
end

---What waits for the end of Insert mode, which no function ends at once.
---@type fun()?
local pending

---Insert mode has ended.
function M.proceed()
  local run = pending
  pending = nil
  if run then
    run()
  end
end

---Selects up to and without the end, as LSP counts.
---@param bufnr integer
---@param row integer
---@param byte integer
---@param end_row integer
---@param end_byte integer
local function select(bufnr, row, byte, end_row, end_byte)
  if end_byte == 0 and end_row > row then
    end_row = end_row - 1
    end_byte = #(vim.api.nvim_buf_get_lines(bufnr, end_row, end_row + 1, false)[1] or "") + 1
  end
  vim.api.nvim_buf_set_mark(bufnr, "<", row + 1, byte, {})
  vim.api.nvim_buf_set_mark(bufnr, ">", end_row + 1, math.max(0, end_byte - 1), {})
  vim.cmd.normal({ "gv", bang = true })
  if vim.api.nvim_get_mode().mode ~= "v" then
    vim.cmd.normal({ "v", bang = true })
  end
end

---`window/showDocument`; Neovim's own goes to the start of a selection and selects nothing.
---@param err lsp.ResponseError?
---@param params lsp.ShowDocumentParams
---@param ctx lsp.HandlerContext
---@return lsp.ShowDocumentResult
function M.on_show(err, params, ctx)
  local encoding = assert(vim.lsp.get_client_by_id(ctx.client_id)).offset_encoding
  if params.external or not params.selection then
    return vim.lsp.handlers["window/showDocument"](err, params, ctx)
  end
  local range = params.selection
  local bufnr = vim.uri_to_bufnr(params.uri)
  if vim.api.nvim_get_mode().mode:find("^[vVsS\22\19]") then
    vim.cmd.normal({ vim.keycode("<Esc>"), bang = true })
  end
  if bufnr ~= vim.api.nvim_get_current_buf() then
    local window = vim.fn.bufwinid(bufnr)
    if window >= 0 then
      vim.api.nvim_set_current_win(window)
    elseif not pcall(vim.cmd.buffer, bufnr) then
      return { success = false }
    end
    vim.bo[bufnr].buflisted = true
  end
  local row, byte = place(bufnr, range.start, encoding)
  local end_row, end_byte = place(bufnr, range["end"], encoding)
  if row == end_row and byte == end_byte then
    vim.api.nvim_win_set_cursor(0, { row + 1, byte })
    context.put(bufnr, row, byte)
  elseif vim.api.nvim_get_mode().mode:sub(1, 1) == "i" then
    pending = function()
      select(bufnr, row, byte, end_row, end_byte)
    end
    local keys = "<C-\\><C-n><Cmd>lua require('duologue.previews').proceed()<CR>"
    vim.api.nvim_feedkeys(vim.keycode(keys), "n", false)
  else
    select(bufnr, row, byte, end_row, end_byte)
  end
  return { success = true }
end

return M
