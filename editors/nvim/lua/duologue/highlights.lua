---Our colours: those of the user's colour scheme, made readable on what they stand on.
local M = {}

local links = {
  DuologueCaption = "NormalFloat",
  DuologueSign = "DiagnosticSignHint",
  DuologueCueSign = "DiagnosticSignInfo",
  DuologuePlace = "CursorLine",
  DuologueChanged = "DiffAdd",
  DuologuePreview = "Visual",
  DuologueStatusQuiet = "StatusLine",
}

---Whose colour is taken, and what it has to be read on.
---@type table<string, { [1]: string, [2]: string, bold?: boolean, filled?: boolean }>
local tints = {
  DuologueUser = { "Identifier", "NormalFloat" },
  DuologuePartner = { "Normal", "NormalFloat" },
  DuologueNote = { "DiagnosticInfo", "NormalFloat" },
  DuologueUnheard = { "NonText", "NormalFloat" },
  DuologueCaptionBorder = { "NonText", "NormalFloat", filled = true },
  DuologueCaptionTitle = { "Title", "NormalFloat", bold = true, filled = true },
  DuologueTime = { "NonText", "Normal" },
  DuologueOffer = { "DiagnosticVirtualTextHint", "Normal" },
  DuologueCue = { "DiagnosticVirtualTextInfo", "CursorLine" },
  DuologueHint = { "NonText", "CursorLine" },
  DuologueStatusLive = { "DiagnosticOk", "StatusLine", bold = true },
  DuologueStatusWarning = { "DiagnosticWarn", "StatusLine", bold = true },
  DuologueStatusError = { "DiagnosticError", "StatusLine", bold = true },
}

---What small text needs to be read by everybody (WCAG 2, AA).
local READABLE = 4.5
local STEP = 0.1

---@param colour integer
---@return number[] red, green and blue, 0 to 255
local function channels(colour)
  return { bit.rshift(colour, 16), bit.band(bit.rshift(colour, 8), 255), bit.band(colour, 255) }
end

---@param colour integer
---@return number
local function luminance(colour)
  local sum = 0
  for index, weight in ipairs({ 0.2126, 0.7152, 0.0722 }) do
    local part = channels(colour)[index] / 255
    sum = sum + weight * (part <= 0.04045 and part / 12.92 or ((part + 0.055) / 1.055) ^ 2.4)
  end
  return sum
end

---@param one integer
---@param other integer
---@return number from 1, which cannot be seen, to 21, black on white
function M.contrast(one, other)
  local a, b = luminance(one), luminance(other)
  return (math.max(a, b) + 0.05) / (math.min(a, b) + 0.05)
end

---@param ink integer
---@param paper integer
---@return integer the ink, nearer to white or black as far as it takes to be read
function M.readable(ink, paper)
  local towards = M.contrast(0xffffff, paper) > M.contrast(0, paper) and 255 or 0
  while M.contrast(ink, paper) < READABLE do
    local mixed = 0
    for _, part in ipairs(channels(ink)) do
      local step = (towards - part) * STEP
      mixed = mixed * 256 + part + (step > 0 and math.ceil(step) or math.floor(step))
    end
    ink = mixed
  end
  return ink
end

---@param group string
---@return vim.api.keyset.get_hl_info
local function look_up(group)
  return vim.api.nvim_get_hl(0, { name = group, link = false })
end

---@param group string
---@return integer
local function paper_of(group)
  local found = look_up(group)
  local paper = found.reverse and (found.fg or look_up("Normal").fg) or found.bg or look_up("Normal").bg
  return paper or (vim.o.background == "dark" and 0 or 0xffffff)
end

---@type table<string, table> what we have set ourselves, as Neovim gives it back
local ours = {}

---@param group string
---@param made vim.api.keyset.highlight
local function set(group, made)
  local found = vim.api.nvim_get_hl(0, { name = group, create = false })
  if vim.tbl_isempty(found) or vim.deep_equal(found, ours[group]) then
    vim.api.nvim_set_hl(0, group, made)
    ours[group] = vim.api.nvim_get_hl(0, { name = group })
  end
end

---Defines our groups, without touching what the user or a colour scheme has set.
function M.define()
  for group, target in pairs(links) do
    set(group, { link = target })
  end
  for group, tint in pairs(tints) do
    local source, paper = look_up(tint[1]), paper_of(tint[2])
    local ink = source.fg or look_up("Normal").fg or (vim.o.background == "dark" and 0xffffff or 0)
    set(group, {
      fg = M.readable(ink, paper),
      bg = tint.filled and look_up(tint[2]).bg or nil,
      -- Neovim's own colours give NonText none in a terminal of 256.
      ctermfg = source.ctermfg or (tint[1] == "NonText" and 8 or nil),
      bold = tint.bold,
    })
  end
end

return M
