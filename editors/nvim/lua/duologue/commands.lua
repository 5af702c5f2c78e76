---`:Duologue <verb>`, and the same by key.
local M = {}

local function tell(text, level)
  require("duologue.client").tell(text, level or vim.log.levels.INFO)
end

local function status()
  tell(table.concat(require("duologue.status").facts(), " · "))
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

---@param argument? string
local function transcript(argument)
  if argument and argument ~= "clear" then
    tell(("transcript takes clear, or nothing to open it, not '%s'"):format(argument), vim.log.levels.ERROR)
  elseif argument then
    require("duologue.transcript").clear()
  else
    require("duologue").transcript()
  end
end

---@param argument? string
local function dismiss(argument)
  if argument and argument ~= "forever" then
    tell(("dismiss takes forever, or nothing for now, not '%s'"):format(argument), vim.log.levels.ERROR)
    return
  end
  require("duologue").dismiss(nil, argument == "forever")
end

local function jump()
  if not require("duologue").jump() then
    tell("there is no suggestion")
  end
end

---@param verb string
---@param run fun()
---@return fun(argument?: string)
local function bare(verb, run)
  return function(argument)
    if argument then
      tell(("%s takes no argument"):format(verb), vim.log.levels.ERROR)
    else
      run()
    end
  end
end

---@type table<string, fun(argument?: string)>
local verbs = { talk = talk, snooze = snooze, transcript = transcript, dismiss = dismiss }
for _, verb in ipairs(require("duologue.config").verbs) do
  verbs[verb] = verbs[verb] or bare(verb, function()
    require("duologue")[(verb:gsub("-", "_"))]()
  end)
end
verbs.jump = bare("jump", jump)
verbs.status, verbs.log = bare("status", status), bare("log", log)
verbs.install = bare("install", function()
  require("duologue.install").install()
end)
for _, verb in ipairs({ "check", "doctor", "walkthrough" }) do
  verbs[verb] = bare(verb, function()
    require("duologue.walkthrough")[verb]()
  end)
end

local choices = { talk = { "down", "up" }, snooze = { "10", "30", "60" }, transcript = { "clear" }, dismiss = { "forever" } }

---@return string[]
function M.names()
  local all = vim.tbl_keys(verbs)
  table.sort(all)
  return all
end

---Without arguments: the menu.
---@param arguments string[]
function M.run(arguments)
  local verb, argument, more = arguments[1] or "menu", arguments[2], arguments[3]
  if not verbs[verb] then
    local text = "unknown verb '%s'; the verbs are: %s"
    tell(text:format(verb, table.concat(M.names(), ", ")), vim.log.levels.ERROR)
  elseif more then
    tell(("%s takes one argument at most"):format(verb), vim.log.levels.ERROR)
  else
    verbs[verb](argument)
  end
end

---What `<Plug>(duologue-<verb>)` does.
---@param verb string
function M.key(verb)
  if verb == "talk" then
    require("duologue").talk_key()
  else
    verbs[verb]()
  end
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = vim.split(vim.trim(line:sub(1, #line - #lead)), "%s+")
  local found = M.names()
  if #before > 1 then
    found = #before == 2 and choices[before[2]] or {}
  end
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, found)
end

return M
