---What was said by whom, in a small window that never takes the focus and goes away by itself.
local config = require("duologue.config")
local layout = require("duologue.layout")
local status = require("duologue.status")

local M = {}

local GROUP = "duologue.captions"
local NAMESPACE = vim.api.nvim_create_namespace("duologue.captions")
local MOST_LINES = 4
local MOST_ROWS = 7
local LEAST_COLUMNS = 36
local HIGHLIGHTS =
  "NormalFloat:DuologueCaption,FloatBorder:DuologueCaptionBorder,FloatTitle:DuologueCaptionTitle"

---@type duologue.TranscriptLine[] oldest first
local transcript = {}
---What a spoken command does or asks, below what was said.
---@type { text: string, asked: boolean }?
local note
---@type integer?
local buffer
---@type integer?
local window
local timer = assert(vim.uv.new_timer())

local function close()
  if window and vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_win_close(window, true)
  end
  window = nil
end

---@param height integer rows of the box, border included
---@param width integer columns of the box, border included
---@return table row, column and anchor of the box, clear of the cursor
local function place(height, width)
  local position = config.options.captions.position
  local last_row = vim.o.lines - vim.o.cmdheight - (vim.o.laststatus > 0 and 1 or 0)
  local tabs = #vim.api.nvim_list_tabpages()
  local first_row = (vim.o.showtabline == 2 or vim.o.showtabline == 1 and tabs > 1) and 1 or 0
  local column = position == "bottom" and math.floor((vim.o.columns - width) / 2) or vim.o.columns - width
  local cursor = vim.fn.screenpos(0, vim.fn.line("."), vim.fn.col("."))
  local top = position == "top_right"
  local covered = cursor.col > column and cursor.col <= column + width
  if covered and top and cursor.row <= first_row + height then
    top = false
  elseif covered and not top and cursor.row > last_row - height then
    top = true
  end
  return { row = top and first_row or last_row - height, col = column }
end

---@param lines string[]
---@return table for nvim_open_win()
local function window_config(lines)
  local options = config.options.captions
  local bordered = options.border ~= "none"
  local columns = LEAST_COLUMNS
  for _, line in ipairs(lines) do
    columns = math.max(columns, vim.fn.strdisplaywidth(line) + 1)
  end
  columns = math.min(columns, vim.o.columns - 2)
  local frame = bordered and 2 or 0
  local at = place(#lines + frame, columns + frame)
  return {
    relative = "editor",
    row = at.row,
    col = at.col,
    width = columns,
    height = #lines,
    style = "minimal",
    border = options.border,
    title = bordered and { { (" %s "):format(status.line()), "DuologueCaptionTitle" } } or nil,
    focusable = false,
    zindex = 60,
  }
end

---@param lines string[]
---@param spans duologue.Span[]
local function fill(lines, spans)
  if not (buffer and vim.api.nvim_buf_is_valid(buffer)) then
    buffer = vim.api.nvim_create_buf(false, true)
  end
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.api.nvim_buf_clear_namespace(buffer, NAMESPACE, 0, -1)
  for _, span in ipairs(spans) do
    vim.api.nvim_buf_set_extmark(buffer, NAMESPACE, span.row, span.from, { end_col = span.to, hl_group = span.group })
  end
end

local function show()
  -- No window can be opened while the command-line window has the floor.
  if #transcript == 0 and not note or vim.fn.getcmdwintype() ~= "" then
    return
  end
  -- There the words stand anyway.
  if vim.bo.filetype == "duologue-transcript" then
    close()
    return
  end
  local width = math.max(10, math.min(config.options.captions.width, vim.o.columns - layout.MARGIN_COLUMNS - 5))
  local shown = note and vim.list_extend(vim.list_slice(transcript), { layout.note(note) }) or transcript
  local lines, spans = layout.draw(shown, width, math.min(MOST_ROWS, math.max(1, vim.o.lines - 6)))
  fill(lines, spans)
  if window and vim.api.nvim_win_is_valid(window) then
    if vim.api.nvim_win_get_tabpage(window) == vim.api.nvim_get_current_tabpage() then
      vim.api.nvim_win_set_config(window, window_config(lines))
    else
      close()
    end
  end
  if not (window and vim.api.nvim_win_is_valid(window)) then
    local opening = vim.tbl_extend("force", window_config(lines), { noautocmd = true })
    window = vim.api.nvim_open_win(buffer, false, opening)
    vim.wo[window][0].wrap = false
    vim.wo[window][0].winhighlight = HIGHLIGHTS
  end
  if vim.api.nvim_get_mode().mode:sub(1, 1) == "c" then
    vim.cmd.redraw()
  end
end

function M.clear()
  timer:stop()
  transcript, note = {}, nil
  close()
end

local rest
function rest()
  timer:start(config.options.captions.timeout_ms, 0, function()
    vim.schedule(function()
      if status.sounding() or (note and note.asked) then
        rest()
      else
        M.clear()
      end
    end)
  end)
end

---@param line duologue.TranscriptLine the newest text of its id
function M.update(line)
  if not config.options.captions.enabled then
    return
  end
  local known = false
  for index, other in ipairs(transcript) do
    if other.id == line.id then
      transcript[index], known = line, true
    end
  end
  if not known then
    table.insert(transcript, line)
    if #transcript > MOST_LINES then
      table.remove(transcript, 1)
    end
  end
  show()
  rest()
end

---@param new? { text: string, asked: boolean } nil: there is nothing to be told any more
function M.note(new)
  if not config.options.captions.enabled or (not new and not note) then
    return
  end
  note = new
  if note or #transcript > 0 then
    show()
    rest()
  else
    close()
  end
end

---Draws again what stands: the screen or the state of the microphone has changed.
function M.refresh()
  if window or #transcript > 0 then
    show()
  end
end

---The options may have changed.
function M.configure()
  if not config.options.captions.enabled then
    M.clear()
  end
end

function M.watch()
  vim.api.nvim_create_augroup(GROUP, { clear = true })
  vim.api.nvim_create_autocmd({ "VimResized", "TabEnter", "BufEnter" }, {
    group = GROUP,
    callback = vim.schedule_wrap(M.refresh),
  })
  M.configure()
end

return M
