---Suggestions at the line that they speak of, for as long as they can be taken.
local client = require("duologue.client")
local config = require("duologue.config")

local M = {}

local GROUP = "duologue.offers"
local NAMESPACE = vim.api.nvim_create_namespace("duologue.offers")
local MARK = "◆ "
local GAP = "  "
local LEAST_COLUMNS = 24
local MOST_COLUMNS = 90
---How long a suggestion that was spoken can still be read; nobody says when it has lost its meaning.
local SPOKEN_MS = 60000

---@class duologue.ShownOffer
---@field offer duologue.Offer
---@field bufnr? integer nil while no buffer shows its file
---@field mark? integer

---@type table<string, duologue.ShownOffer> by id
local shown = {}

---@param bufnr integer
---@param line integer zero-based
---@return integer columns beside the text of the line, in the window that shows it
local function room(bufnr, line)
  local window = vim.fn.bufwinid(bufnr)
  if window < 0 then
    return MOST_COLUMNS
  end
  local code = vim.api.nvim_buf_get_lines(bufnr, line, line + 1, false)[1] or ""
  local taken = vim.fn.getwininfo(window)[1].textoff + vim.fn.strdisplaywidth(code) + #GAP + 4
  return math.max(LEAST_COLUMNS, math.min(MOST_COLUMNS, vim.api.nvim_win_get_width(window) - taken))
end

---@param text string
---@param columns integer
---@return string on one line, cut to size
local function fit(text, columns)
  text = text:gsub("%s+", " ")
  if vim.fn.strdisplaywidth(text) <= columns then
    return text
  end
  while vim.fn.strdisplaywidth(text) >= columns do
    text = vim.fn.strcharpart(text, 0, vim.fn.strchars(text) - 1)
  end
  return vim.trim(text) .. "…"
end

---@param entry duologue.ShownOffer
local function draw(entry)
  local offer = entry.offer
  local bufnr = vim.fn.bufnr(vim.uri_to_fname(offer.uri))
  if bufnr < 0 or not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  local line = math.min(offer.line, vim.api.nvim_buf_line_count(bufnr) - 1)
  -- The text may have moved since the server counted lines; a mark that stands knows better.
  if entry.mark and entry.bufnr == bufnr then
    local at = vim.api.nvim_buf_get_extmark_by_id(bufnr, NAMESPACE, entry.mark, {})
    line = at[1] or line
  end
  entry.bufnr = bufnr
  entry.mark = vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, line, 0, {
    id = entry.mark,
    virt_text = { { GAP .. MARK .. fit(offer.text, room(bufnr, line)), "DuologueOffer" } },
    sign_text = MARK,
    sign_hl_group = "DuologueOffer",
    hl_mode = "combine",
    invalidate = true,
    priority = 90,
  })
end

---@param id string
local function remove(id)
  local entry = shown[id]
  shown[id] = nil
  if entry and entry.mark and vim.api.nvim_buf_is_valid(entry.bufnr) then
    vim.api.nvim_buf_del_extmark(entry.bufnr, NAMESPACE, entry.mark)
  end
end

---@param offer duologue.Offer
function M.update(offer)
  if not config.options.offers or not (offer.uri and offer.line) then
    return
  end
  local outcome = offer.outcome or "waiting"
  if outcome ~= "waiting" and outcome ~= "spoken" then
    remove(offer.id)
    return
  end
  local entry = shown[offer.id] or { offer = offer }
  entry.offer = offer
  shown[offer.id] = entry
  draw(entry)
  if outcome == "spoken" then
    vim.defer_fn(function()
      if shown[offer.id] == entry then
        remove(offer.id)
      end
    end, SPOKEN_MS)
  end
end

---@return string? id of the suggestion at the cursor
function M.at_cursor()
  local bufnr = vim.api.nvim_get_current_buf()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  for id, entry in pairs(shown) do
    if entry.bufnr == bufnr and entry.mark then
      local at = vim.api.nvim_buf_get_extmark_by_id(bufnr, NAMESPACE, entry.mark, { details = true })
      if at[1] == row and not at[3].invalid then
        return id
      end
    end
  end
end

function M.clear()
  for id in pairs(vim.deepcopy(shown)) do
    remove(id)
  end
end

function M.watch()
  vim.api.nvim_create_augroup(GROUP, { clear = true })
  vim.api.nvim_create_autocmd("LspAttach", {
    group = GROUP,
    callback = function(event)
      local ours = client.get()
      if not (ours and event.data.client_id == ours.id) then
        return
      end
      local uri = vim.uri_from_bufnr(event.buf)
      for _, entry in pairs(shown) do
        if entry.offer.uri == uri then
          draw(entry)
        end
      end
    end,
  })
  if not config.options.offers then
    M.clear()
  end
end

return M
