---What the user chose, over the defaults. Nothing here raises: a bad option keeps its default and is named.
local M = {}

---What has a command, a function and a `<Plug>` map.
M.verbs = {
  "start",
  "stop",
  "mute",
  "unmute",
  "toggle-mute",
  "talk",
  "hush",
  "snooze",
  "sleep",
  "wake",
  "repeat",
  "why",
  "accept",
  "dismiss",
  "jump",
  "transcript",
  "menu",
}

---@type duologue.Options
M.defaults = {
  cmd = { "duologue", "lsp" },
  filetypes = nil,
  settings = {},
  captions = { enabled = true, position = "bottom", width = 60, timeout_ms = 6000, border = "rounded" },
  offers = true,
  keymaps = {},
}

local kinds = {
  cmd = "list",
  filetypes = "list",
  settings = "table",
  captions = "table",
  offers = { true, false, "inlay_hint" },
  keymaps = "keymaps",
}

local caption_kinds = {
  enabled = "boolean",
  position = { "bottom", "bottom_right", "top_right" },
  width = "number",
  timeout_ms = "number",
  border = "string",
}

---@type duologue.Options
M.options = vim.deepcopy(M.defaults)

---@type string[] what was wrong with the last setup(), for :checkhealth
M.problems = {}

---@param value any
---@param fits fun(value: any): boolean
---@return boolean whether it is a table of such values
local function all(value, fits)
  return type(value) == "table" and vim.iter(pairs(value)):all(function(_, item)
    return fits(item)
  end)
end

---@param value any
---@return boolean
local function is_string(value)
  return type(value) == "string"
end

---@param value any
---@return string?
local function wrong_keymaps(value)
  if not all(value, is_string) then
    return "must be a table of verbs and keys, such as { talk = '<F9>' }"
  end
  for verb in pairs(value) do
    if not vim.tbl_contains(M.verbs, verb) then
      return ("names '%s', and knows only %s"):format(verb, table.concat(M.verbs, ", "))
    end
  end
end

---@param value any
---@param kind string|any[]
---@return string? what it must be, when it is not
local function misfit(value, kind)
  if type(kind) == "table" then
    local names = table.concat(vim.tbl_map(tostring, kind), ", ")
    return not vim.tbl_contains(kind, value) and ("must be one of %s"):format(names) or nil
  end
  if kind == "keymaps" then
    return wrong_keymaps(value)
  end
  if kind == "list" then
    return not (vim.islist(value) and #value > 0 and all(value, is_string)) and "must be a list of strings" or nil
  end
  return type(value) ~= kind and ("must be a %s, not a %s"):format(kind, type(value)) or nil
end

---@param into table
---@param given table
---@param known table<string, string|any[]>
---@param prefix string
local function overlay(into, given, known, prefix)
  for name, value in pairs(given) do
    local wrong = known[name] and misfit(value, known[name])
    if not known[name] then
      local names = vim.tbl_keys(known)
      table.sort(names)
      local text = "unknown option '%s%s' is ignored; the options are: %s"
      table.insert(M.problems, text:format(prefix, tostring(name), table.concat(names, ", ")))
    elseif wrong then
      table.insert(M.problems, ("option '%s%s' %s; its default is used"):format(prefix, name, wrong))
    elseif name == "captions" then
      overlay(into.captions, value, caption_kinds, "captions.")
    else
      into[name] = vim.deepcopy(value)
    end
  end
end

---@param given? duologue.UserOptions
---@return duologue.Options
function M.apply(given)
  M.options, M.problems = vim.deepcopy(M.defaults), {}
  if given ~= nil and type(given) ~= "table" then
    table.insert(M.problems, ("setup() takes a table, not a %s; all defaults are used"):format(type(given)))
    given = nil
  end
  given = vim.deepcopy(given or {})
  if type(given.captions) == "boolean" then
    given.captions = { enabled = given.captions }
  end
  overlay(M.options, given, kinds, "")
  return M.options
end

return M
