---`:Duologue <verb>`.
local M = {}

local function tell(text, level)
  require("duologue.client").tell(text, level or vim.log.levels.INFO)
end

local function status()
  local duologue = require("duologue")
  local state = duologue.state()
  local chunks = { duologue.statusline(), ("voice %s, microphone %s"):format(state.voice, state.microphone) }
  if state.latencyMs then
    table.insert(chunks, ("answers after %d ms"):format(state.latencyMs))
  end
  local parts = vim.tbl_keys(state.parts or {})
  table.sort(parts)
  for _, part in ipairs(parts) do
    table.insert(chunks, ("%s: %s"):format(part, state.parts[part]))
  end
  if state.message ~= "" then
    table.insert(chunks, state.message)
  end
  tell(table.concat(chunks, " · "))
end

local function log()
  vim.cmd.split(vim.fn.fnameescape(require("vim.lsp.log").get_filename()))
  vim.cmd.normal({ "G", bang = true })
end

---@param argument? string
local function talk(argument)
  local choices = { down = true, up = false }
  if argument and choices[argument] == nil then
    tell(("talk takes down or up, or nothing to toggle, not '%s'"):format(argument), vim.log.levels.ERROR)
    return
  end
  require("duologue").talk(argument and choices[argument])
end

---@param argument? string
local function snooze(argument)
  local minutes = tonumber(argument or 10)
  if not minutes or minutes <= 0 then
    tell(("snooze takes a number of minutes, not '%s'"):format(argument), vim.log.levels.ERROR)
    return
  end
  require("duologue").snooze(minutes)
end

---@param name string
---@return fun(argument?: string)
local function verb(name)
  return function(argument)
    if argument then
      tell(("%s takes no argument"):format(name), vim.log.levels.ERROR)
      return
    end
    require("duologue")[name]()
  end
end

---@type table<string, fun(argument?: string)>
local verbs = { talk = talk, snooze = snooze, status = status, log = log }
for _, name in ipairs({ "start", "stop", "mute", "unmute", "repeat", "why", "accept", "dismiss" }) do
  verbs[name] = verb(name)
end

---@return string[]
local function names()
  local all = vim.tbl_keys(verbs)
  table.sort(all)
  return all
end

---@param arguments string[]
function M.run(arguments)
  local run = verbs[arguments[1]]
  if not run then
    tell(("unknown verb '%s'; the verbs are: %s"):format(arguments[1], table.concat(names(), ", ")), vim.log.levels.ERROR)
    return
  end
  run(arguments[2])
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = vim.split(vim.trim(line:sub(1, #line - #lead)), "%s+")
  local choices = names()
  if #before > 1 then
    choices = ({ talk = { "down", "up" }, snooze = { "10", "30", "60" } })[before[2]] or {}
  end
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
