---Captions as screen rows: pure text, no window.
local M = {}

---Columns in front of each row.
M.MARGIN_COLUMNS = 6

local MARGINS = { user = " you  ", partner = "  ◆   ", does = "  ▸   ", asks = "  ?   " }
local GROUPS = { user = "DuologueUser", partner = "DuologuePartner", does = "DuologueNote", asks = "DuologueNote" }

---@class duologue.Word
---@field text string
---@field byte integer where it begins in the text, zero-based

---@param word string
---@param width integer
---@return string as much of its beginning as fits
local function cut(word, width)
  local count = 1
  while vim.fn.strdisplaywidth(vim.fn.strcharpart(word, 0, count + 1)) <= width do
    count = count + 1
  end
  return vim.fn.strcharpart(word, 0, count)
end

---@param text string
---@param width integer
---@return duologue.Word[] words, those wider than a row cut to pieces
local function words_of(text, width)
  local words = {}
  for start, word in text:gmatch("()(%S+)") do
    local byte = start - 1
    while vim.fn.strdisplaywidth(word) > width do
      local piece = cut(word, width)
      table.insert(words, { text = piece, byte = byte })
      word, byte = word:sub(#piece + 1), byte + #piece
    end
    table.insert(words, { text = word, byte = byte })
  end
  return words
end

---@param text string
---@param width integer columns
---@return duologue.Word[][] rows
local function wrap(text, width)
  local rows, used = { {} }, 0
  for _, word in ipairs(words_of(text, width)) do
    local columns = vim.fn.strdisplaywidth(word.text)
    if used > 0 and used + 1 + columns > width then
      table.insert(rows, {})
      used = 0
    end
    table.insert(rows[#rows], word)
    used = used + (used > 0 and 1 or 0) + columns
  end
  return rows
end

---@param line duologue.TranscriptLine
---@return integer byte of the text up to which the user has heard it
local function heard_byte(line)
  local known = line.role == "partner" and type(line.heardUpTo) == "number"
  local byte = known and vim.fn.byteidxcomp(line.text, line.heardUpTo) or -1
  return byte < 0 and #line.text or byte
end

---@param row integer
---@param margin string
---@param words duologue.Word[]
---@param group_of fun(word: duologue.Word): string
---@return string, duologue.Span[]
local function draw_row(row, margin, words, group_of)
  local text, spans = margin, {}
  for index, word in ipairs(words) do
    text = index > 1 and text .. " " or text
    local from, group = #text, group_of(word)
    local last = spans[#spans]
    text = text .. word.text
    if last and last.group == group then
      last.to = #text
    else
      table.insert(spans, { row = row, from = from, to = #text, group = group })
    end
  end
  return text, spans
end

---@param rows duologue.Word[][]
---@param heard integer byte
---@return integer the row, zero-based, in which the speaking is
local function speaking_row(rows, heard)
  for index, words in ipairs(rows) do
    local last = words[#words]
    if last and last.byte + #last.text >= heard then
      return index - 1
    end
  end
  return #rows - 1
end

---@param lines string[]
---@param spans duologue.Span[]
---@param first integer the first row that stays, zero-based
---@param count integer
---@return string[] lines
---@return duologue.Span[] spans
local function window(lines, spans, first, count)
  local kept = {}
  for _, span in ipairs(spans) do
    if span.row >= first and span.row < first + count then
      span.row = span.row - first
      table.insert(kept, span)
    end
  end
  return vim.list_slice(lines, first + 1, first + count), kept
end

---@param note { text: string, asked: boolean }
---@return table what draw() takes for a line
function M.note(note)
  return { id = "note", role = note.asked and "asks" or "does", text = note.text, final = true }
end

---What does not fit is left out: what is long past, and what is far from being said.
---@param transcript duologue.TranscriptLine[] oldest first
---@param width integer columns of text beside the margin
---@param most_rows integer
---@return string[] lines
---@return duologue.Span[] spans
function M.draw(transcript, width, most_rows)
  local lines, spans, focus = {}, {}, 0
  for _, line in ipairs(transcript) do
    local group, heard = GROUPS[line.role] or GROUPS.partner, heard_byte(line)
    local text = (line.role == "user" and not line.final) and line.text .. " …" or line.text
    local function group_of(word)
      return (line.role == "user" or word.byte < heard) and group or "DuologueUnheard"
    end
    local rows = wrap(text, width)
    focus = #lines + speaking_row(rows, line.role == "user" and #text or heard)
    for index, words in ipairs(rows) do
      local margin = index == 1 and (MARGINS[line.role] or MARGINS.partner) or (" "):rep(M.MARGIN_COLUMNS)
      local drawn, row_spans = draw_row(#lines, margin, words, group_of)
      if index == 1 then
        table.insert(spans, { row = #lines, from = 0, to = #margin, group = group })
      end
      vim.list_extend(spans, row_spans)
      table.insert(lines, drawn)
    end
  end
  -- One row ahead of the voice, so that the eye is never late.
  local first = math.max(0, math.min(#lines - most_rows, focus + 2 - most_rows))
  return window(lines, spans, first, most_rows)
end

return M
