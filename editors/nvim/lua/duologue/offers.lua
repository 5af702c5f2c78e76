---Suggestions at the line that they speak of, for as long as they can be taken.
local client = require("duologue.client")
local config = require("duologue.config")
local edits = require("duologue.edits")

local M = {}

local GROUP = "duologue.offers"
local NAMESPACE = vim.api.nvim_create_namespace("duologue.offers")
local MARK = "◆ "
local GAP = "  "
local EDITS = "  ✎ "
local LEAST_COLUMNS = 24
local LEAST_FIX_COLUMNS = 12
local MOST_COLUMNS = 90
---How long a suggestion that was spoken can still be read; nobody says when it has lost its meaning.
local SPOKEN_MS = 60000

---@class duologue.ShownOffer
---@field offer duologue.Offer
---@field order integer grows with each new one
---@field bufnr? integer nil while no buffer shows its file
---@field mark? integer

---@type table<string, duologue.ShownOffer> by id
local shown = {}
local newest = 0

---@param bufnr integer
---@param line integer zero-based
---@return integer columns beside the text of the line, in the window that shows it
local function room(bufnr, line)
  local window = vim.fn.bufwinid(bufnr)
  if window < 0 then
    return MOST_COLUMNS
  end
  local code = vim.api.nvim_buf_get_lines(bufnr, line, line + 1, false)[1] or ""
  local taken = vim.fn.getwininfo(window)[1].textoff + vim.fn.strdisplaywidth(code) + #GAP + 6
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

---@param offer duologue.Offer
---@return boolean whether it has gone beyond a silent mark
local function loud(offer)
  return offer.channel == "cue" or offer.channel == "speech" or offer.outcome == "spoken"
end

---@param offer duologue.Offer
---@return string what accepting it changes in the code; empty when nothing
local function fix_of(offer)
  return type(offer.fix) == "string" and offer.fix or ""
end

---@param offer duologue.Offer
---@param columns integer
---@return string[][] what stands behind the line: the sentence and, as far as there is room, what accepting changes
local function words(offer, columns)
  local fix = fix_of(offer)
  local kept = fix ~= "" and vim.fn.strdisplaywidth(EDITS) or 0
  local sentence = fit(offer.text, math.max(LEAST_COLUMNS, columns - kept))
  local chunks = { { GAP, "" }, { MARK .. sentence, loud(offer) and "DuologueCue" or "DuologueOffer" } }
  local left = columns - kept - vim.fn.strdisplaywidth(sentence)
  if fix ~= "" then
    local told = left >= math.min(LEAST_FIX_COLUMNS, vim.fn.strdisplaywidth(fix))
    table.insert(chunks, { EDITS .. (told and fit(fix, left) or ""), "DuologueHint" })
  end
  return chunks
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
  local sign = loud(offer) and "DuologueCueSign" or "DuologueSign"
  local visible = config.options.offers == true
  entry.bufnr = bufnr
  entry.mark = vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, line, 0, {
    id = entry.mark,
    virt_text = visible and words(offer, room(bufnr, line)) or nil,
    sign_text = visible and MARK or nil,
    sign_hl_group = visible and sign or nil,
    number_hl_group = visible and sign or nil,
    line_hl_group = visible and loud(offer) and "DuologuePlace" or nil,
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

---@param entry duologue.ShownOffer
---@return integer? line zero-based, nil when its text is gone
local function line_of(entry)
  if not entry.mark or not vim.api.nvim_buf_is_loaded(entry.bufnr) then
    return nil
  end
  local at = vim.api.nvim_buf_get_extmark_by_id(entry.bufnr, NAMESPACE, entry.mark, { details = true })
  return at[1] and not at[3].invalid and at[1] or nil
end

---@return duologue.ShownOffer[] newest first
local function all()
  local entries = vim.tbl_values(shown)
  table.sort(entries, function(a, b)
    return a.order > b.order
  end)
  return entries
end

---Puts the cursor at the code of a suggestion. Who types elsewhere at this moment is left alone.
---@param entry duologue.ShownOffer
---@param line integer zero-based
---@return boolean whether the cursor is there now
local function go(entry, line)
  local mode = vim.api.nvim_get_mode().mode:sub(1, 1)
  local bufnr = vim.uri_to_bufnr(entry.offer.uri)
  local here = bufnr == vim.api.nvim_get_current_buf()
  if vim.fn.getcmdwintype() ~= "" or (not here and mode ~= "n") then
    return false
  end
  vim.cmd.normal({ "m'", bang = true })
  if not here then
    local window = vim.fn.bufwinid(bufnr)
    if window >= 0 then
      vim.api.nvim_set_current_win(window)
    elseif not pcall(vim.cmd.buffer, bufnr) then
      return false
    end
    vim.bo[bufnr].buflisted = true
  end
  line = math.min(line, vim.api.nvim_buf_line_count(bufnr) - 1)
  local text = vim.api.nvim_buf_get_lines(bufnr, line, line + 1, false)[1] or ""
  vim.api.nvim_win_set_cursor(0, { line + 1, (text:find("%S") or 1) - 1 })
  return true
end

---@param bufnr integer
---@return vim.lsp.Client[] other tools that may have quick fixes here
local function others(bufnr)
  local ours = client.get()
  return vim.tbl_filter(function(other)
    return other ~= ours and other.server_capabilities.codeActionProvider
  end, vim.lsp.get_clients({ bufnr = bufnr }))
end

---@param other vim.lsp.Client
---@param bufnr integer
---@param line integer zero-based
---@return lsp.CodeActionParams
local function asking(other, bufnr, line)
  local namespaces = { vim.lsp.diagnostic.get_namespace(other.id), vim.lsp.diagnostic.get_namespace(other.id, true) }
  local found = vim.diagnostic.get(bufnr, { lnum = line, namespace = namespaces })
  local diagnostics = vim.tbl_map(function(one)
    return one.user_data and one.user_data.lsp
  end, found)
  return {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    range = { start = { line = line, character = 0 }, ["end"] = { line = line + 1, character = 0 } },
    context = { diagnostics = diagnostics, only = { "quickfix" }, triggerKind = 1 },
  }
end

---If other tools have exactly one quick fix here that they prefer, it is carried out.
---@param bufnr integer
---@param line integer zero-based
local function fix(bufnr, line)
  local sure, open = {}, 0
  local function finished()
    if #sure == 1 and vim.api.nvim_buf_is_loaded(bufnr) then
      local why = edits.make(sure[1].edit, sure[1].encoding)
      if why then
        client.tell(("the fix was not made: %s"):format(why), vim.log.levels.WARN)
      end
    end
  end
  for _, other in ipairs(others(bufnr)) do
    open = open + 1
    client.ask(other, "textDocument/codeAction", asking(other, bufnr, line), function(_, actions)
      for _, action in ipairs(actions or {}) do
        if action.isPreferred and action.edit and not action.disabled then
          table.insert(sure, { edit = action.edit, encoding = other.offset_encoding })
        end
      end
      open = open - 1
      if open == 0 then
        finished()
      end
    end)
  end
end

---@param entry duologue.ShownOffer
---@param line? integer where its text is, zero-based
local function take(entry, line)
  go(entry, line or entry.offer.line)
  -- What the server can fix itself it does by workspace/applyEdit.
  if line and fix_of(entry.offer) == "" then
    fix(entry.bufnr, line)
  end
end

---@param offer duologue.Offer
function M.update(offer)
  local before = shown[offer.id]
  local outcome = offer.outcome or "waiting"
  local open = outcome == "waiting" or outcome == "spoken"
  local has_place = type(offer.uri) == "string" and type(offer.line) == "number"
  if not open or not config.options.offers or not has_place then
    local line = before and line_of(before)
    remove(offer.id)
    if before and outcome == "accepted" then
      take(before, line)
    end
  else
    newest = newest + 1
    local entry = before or { order = newest }
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
  vim.api.nvim_exec_autocmds("User", { pattern = "DuologueOffer", modeline = false, data = vim.deepcopy(offer) })
end

---@return duologue.Offer[] those that can be taken, newest first
function M.list()
  return vim.tbl_map(function(entry)
    return vim.deepcopy(entry.offer)
  end, all())
end

---@return string? id of the newest suggestion at the cursor
function M.at_cursor()
  local bufnr = vim.api.nvim_get_current_buf()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, entry in ipairs(all()) do
    if entry.bufnr == bufnr and line_of(entry) == row then
      return entry.offer.id
    end
  end
end

---Puts the cursor at the newest suggestion that it is not at.
---@return boolean whether there is one
function M.jump()
  local entries = all()
  local here = M.at_cursor()
  for _, entry in ipairs(entries) do
    if entry.offer.id ~= here then
      return go(entry, line_of(entry) or entry.offer.line)
    end
  end
  return #entries > 0
end

function M.clear()
  for id in pairs(vim.deepcopy(shown)) do
    remove(id)
  end
end

---Shows what waited for its file.
---@param bufnr integer
function M.catch_up(bufnr)
  local uri = vim.uri_from_bufnr(bufnr)
  for _, entry in pairs(shown) do
    if entry.offer.uri == uri then
      draw(entry)
    end
  end
end

---The options may have changed.
function M.configure()
  if not config.options.offers then
    M.clear()
  end
end

function M.watch()
  vim.api.nvim_create_augroup(GROUP, { clear = true })
  vim.api.nvim_create_autocmd({ "VimResized", "WinResized" }, {
    group = GROUP,
    callback = vim.schedule_wrap(function()
      for _, entry in pairs(shown) do
        if entry.mark and line_of(entry) then
          draw(entry)
        end
      end
    end),
  })
  M.configure()
end

return M
