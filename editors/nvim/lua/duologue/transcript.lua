---All that was said, as a buffer that nobody can change by mistake. It goes with Neovim; no file is written.
local M = {}

local NAME = "duologue-transcript:"
local NAMESPACE = vim.api.nvim_create_namespace("duologue.transcript")
local MOST_LINES = 500
local EMPTY = "Nothing has been said yet."
local ENDS = { key = "silenced by a key", speech = "interrupted" }
local NAMES = { user = "You", partner = "Duologue" }

---@class duologue.Entry
---@field line duologue.TranscriptLine
---@field time string when it began

---@type duologue.Entry[] oldest first
local entries = {}
---@type table<string, duologue.Entry>
local by_id = {}
---@type integer?
local buffer

---@param line duologue.TranscriptLine
---@return string? how many of its words were heard, when it was cut off
local function cut(line)
  local heard = line.heardUpTo
  if line.role ~= "partner" or not line.final or type(heard) ~= "number" or heard >= vim.fn.strchars(line.text) then
    return nil
  end
  local words = vim.trim(vim.fn.strcharpart(line.text, 0, heard))
  local how = ENDS[line.cause] or "cut off"
  return words == "" and ("%s, not heard"):format(how) or ("%s after “%s”"):format(how, words)
end

---A line in words, for eyes, screen readers and braille alike.
---@param line duologue.TranscriptLine
---@return string
function M.words(line)
  local text = ("%s: %s"):format(NAMES[line.role] or line.role, (line.text:gsub("%s+", " ")))
  local ending = cut(line)
  if ending then
    return ("%s (%s)"):format(text, ending)
  end
  return line.final and text or text .. " …"
end

---@param entry duologue.Entry
---@return string
local function row(entry)
  return ("%s  %s"):format(entry.time, M.words(entry.line))
end

---@param index integer one-based
local function paint(index)
  local entry = entries[index]
  local group = entry.line.role == "user" and "DuologueUser" or "DuologuePartner"
  local from = #entry.time + 2
  local to = from + #(NAMES[entry.line.role] or entry.line.role) + 1
  local function mark(first, last, hl_group)
    vim.api.nvim_buf_set_extmark(buffer, NAMESPACE, index - 1, first, {
      end_col = last,
      hl_group = hl_group,
      strict = false,
    })
  end
  mark(0, #entry.time, "DuologueTime")
  mark(from, to, group)
  local ending = cut(entry.line)
  if ending then
    local whole = #row(entry)
    mark(whole - #ending - 2, whole, "DuologueUnheard")
  end
end

---@param first integer zero-based
---@param last integer zero-based, end-exclusive
---@param rows string[]
local function replace(first, last, rows)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, first, last, false, rows)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
end

---@return integer[] windows whose cursor stands in the last line, and follows
local function followers()
  local last = vim.api.nvim_buf_line_count(buffer)
  return vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_cursor(window)[1] == last
  end, vim.fn.win_findbuf(buffer))
end

local function draw_all()
  local rows = vim.tbl_map(row, entries)
  replace(0, -1, #rows > 0 and rows or { EMPTY })
  vim.api.nvim_buf_clear_namespace(buffer, NAMESPACE, 0, -1)
  for index in ipairs(entries) do
    paint(index)
  end
end

---@param index integer one-based
---@param dropped boolean whether the oldest line has just gone
local function draw(index, dropped)
  if not (buffer and vim.api.nvim_buf_is_loaded(buffer)) then
    return
  end
  local windows = followers()
  if dropped then
    replace(0, 1, {})
  end
  local known = vim.api.nvim_buf_line_count(buffer)
  local empty = #entries == 1
  replace(index - 1, (empty or index <= known) and index or index - 1, { row(entries[index]) })
  vim.api.nvim_buf_clear_namespace(buffer, NAMESPACE, index - 1, index)
  paint(index)
  for _, window in ipairs(windows) do
    vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
  end
end

---@param line duologue.TranscriptLine the newest text of its id
function M.update(line)
  local entry = by_id[line.id]
  local dropped = false
  if entry then
    entry.line = line
  else
    entry = { line = line, time = os.date("%H:%M:%S") --[[@as string]] }
    by_id[line.id] = entry
    table.insert(entries, entry)
    if #entries > MOST_LINES then
      by_id[table.remove(entries, 1).line.id] = nil
      dropped = true
    end
  end
  for index = #entries, 1, -1 do
    if entries[index] == entry then
      draw(index, dropped)
      break
    end
  end
  vim.api.nvim_exec_autocmds("User", { pattern = "DuologueTranscript", modeline = false, data = vim.deepcopy(line) })
end

---Forgets all that was said.
function M.clear()
  entries, by_id = {}, {}
  if buffer and vim.api.nvim_buf_is_loaded(buffer) then
    draw_all()
  end
end

---@return duologue.TranscriptLine[] oldest first
function M.list()
  return vim.tbl_map(function(entry)
    return vim.deepcopy(entry.line)
  end, entries)
end

---Opens the buffer in a window below, or goes to the one that shows it.
function M.open()
  if not (buffer and vim.api.nvim_buf_is_valid(buffer)) then
    buffer = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(buffer, NAME)
    vim.bo[buffer].filetype = "duologue-transcript"
    vim.bo[buffer].undolevels = -1
  end
  draw_all()
  local window = vim.fn.bufwinid(buffer)
  if window >= 0 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd.split({ mods = { split = "botright" }, range = { math.max(5, math.floor(vim.o.lines / 4)) } })
    vim.api.nvim_win_set_buf(0, buffer)
    local wanted = { wrap = true, linebreak = true, number = false, relativenumber = false, spell = false }
    for option, value in pairs(wanted) do
      vim.wo[0][0][option] = value
    end
  end
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(buffer), 0 })
end

return M
