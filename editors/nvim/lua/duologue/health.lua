---`:checkhealth duologue`: why it does not work, and what to do.
local M = {}

local health = vim.health

local function check_neovim()
  local version = tostring(vim.version())
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok("Neovim " .. version)
  else
    health.error("Neovim " .. version .. " is too old", "Install Neovim 0.10 or later.")
  end
end

local function check_setup()
  local config = require("duologue.config")
  if not require("duologue").is_ready() then
    health.warn("setup() has not been called", 'Put require("duologue").setup() into your configuration.')
  end
  if #vim.fn.getcompletion("duologue-walkthrough", "help") == 0 then
    health.info(":help duologue has no tags yet: run :helptags ALL once")
  end
  for _, problem in ipairs(config.problems) do
    health.warn(problem, "See :help duologue-options.")
  end
end

---@return boolean
local function check_server()
  local cmd = require("duologue.walkthrough").program()
  if vim.fn.executable(cmd[1]) == 0 then
    health.error(("cannot find the command '%s'"):format(cmd[1]), {
      "Install it: :Duologue install, or pip install duologue.",
      'Or say where it is: require("duologue").setup({ cmd = { "/path/to/duologue", "lsp" } }).',
    })
    return false
  end
  local asking = vim.list_extend(vim.deepcopy(cmd), { "--version" })
  local answer = vim.system(asking, { text = true, timeout = 10000 }):wait()
  if answer.code ~= 0 then
    health.error(("'%s' failed with code %d"):format(table.concat(asking, " "), answer.code), {
      vim.trim(answer.stderr or ""),
      "Install it again: pip install --force-reinstall duologue.",
    })
    return false
  end
  health.ok(("server: %s (%s)"):format(vim.trim(answer.stdout), vim.fn.exepath(cmd[1])))
  return true
end

---@return boolean
local function check_client()
  local client = require("duologue.client").get()
  if not client then
    health.warn("the server does not run", {
      "Open a file that has a name, or run :Duologue start.",
      "If it ended by itself, :Duologue log shows why.",
    })
    return false
  end
  local count = vim.tbl_count(client.attached_buffers)
  health.ok(("the server runs and sees %d buffer%s"):format(count, count == 1 and "" or "s"))
  return true
end

local function check_voice()
  local state = require("duologue").state()
  local told = state.message ~= "" and ": " .. state.message or ""
  if state.voice == "failed" then
    health.error("voice failed" .. told, { "Run duologue doctor in a terminal.", "Then :Duologue start." })
  elseif state.voice == "off" then
    health.info("voice off: :Duologue start starts it")
  elseif state.health ~= "ok" then
    health.warn(("voice %s%s"):format(state.voice, told), "Run duologue doctor in a terminal.")
  else
    health.ok("voice " .. state.voice)
  end
  for part, used in vim.spairs(state.parts or {}) do
    health.info(("%s: %s"):format(part, used))
  end
end

local function check_microphone()
  local state = require("duologue").state()
  local remedies = {
    elsewhere = "Another editor has it; type here, or :Duologue unmute, and it is here.",
    absent = "Plug in a microphone, or name one in settings.inputDevice; duologue doctor lists them.",
    muted = ":Duologue unmute opens it.",
    dozing = 'Say "wake up", or :Duologue wake.',
    asleep = ":Duologue wake opens it.",
    off = 'Set settings.microphone to "open" or "push_to_talk".',
  }
  local remedy = remedies[state.microphone]
  if state.voice == "off" then
    health.info("microphone closed, as the voice is off")
  elseif state.microphone == "absent" then
    health.error("no microphone", remedy)
  elseif remedy then
    health.warn("microphone " .. state.microphone, remedy)
  else
    health.ok("microphone " .. state.microphone:gsub("_", " "))
  end
end

function M.check()
  health.start("duologue")
  check_neovim()
  check_setup()
  if check_server() and check_client() then
    check_voice()
    check_microphone()
  end
end

return M
