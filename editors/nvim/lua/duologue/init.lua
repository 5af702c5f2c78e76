---A spoken pair programmer in Neovim. See |duologue.txt|. Everything else is loaded when it is first needed.
local M = {}

local ready = false
---@type table? the parts, once joined
local wiring

---@return table
local function parts()
  if not wiring then
    wiring = require("duologue.wiring")
    wiring.begin()
  end
  return wiring
end

---@param text string
---@param level integer
local function tell(text, level)
  require("duologue.client").tell(text, level)
end

---@param keymaps table<string, string>
local function map(keymaps)
  for verb, key in pairs(keymaps) do
    vim.keymap.set({ "n", "x", "i", "t" }, key, ("<Plug>(duologue-%s)"):format(verb), { desc = "Duologue: " .. verb })
  end
end

---@param opts? duologue.UserOptions
local function prepare(opts)
  local config = require("duologue.config")
  config.apply(opts)
  for _, problem in ipairs(config.problems) do
    tell(problem, vim.log.levels.WARN)
  end
  if vim.fn.has("nvim-0.10") == 0 then
    tell("needs Neovim 0.10 or later", vim.log.levels.ERROR)
    return
  end
  ready = true
  map(config.options.keymaps)
  if wiring then
    wiring.configure()
  end
end

---Gets everything ready and shows the open files to the server; the voice starts with start().
---@param opts? duologue.UserOptions
function M.setup(opts)
  prepare(opts)
  if not ready then
    return
  end
  if wiring then
    wiring.attach_all()
    return
  end
  local function begin()
    parts().attach_all()
  end
  if vim.v.vim_did_enter == 1 then
    begin()
    return
  end
  -- While Neovim starts, only this is added to what the user waits for.
  vim.api.nvim_create_autocmd("VimEnter", {
    group = vim.api.nvim_create_augroup("duologue.begin", { clear = true }),
    once = true,
    callback = vim.schedule_wrap(begin),
  })
end

---@return boolean whether setup() has been called, by the user or by start()
function M.is_ready()
  return ready
end

---@param verb string
---@param args? table
---@return boolean sent
local function execute(verb, args)
  return require("duologue.client").execute(verb, args)
end

---Starts the voice, and the server if it does not run.
---@return boolean sent
function M.start()
  if not ready then
    prepare()
  end
  if not (ready and parts() and require("duologue.client").ensure()) then
    return false
  end
  parts().attach_all()
  require("duologue.walkthrough").greet()
  return execute("start")
end

---Ends the voice. The server stays.
---@return boolean sent
function M.stop()
  return execute("stop")
end

---Closes the microphone; the partner goes on speaking.
---@return boolean sent
function M.mute()
  return execute("mute")
end

---Opens it again.
---@return boolean sent
function M.unmute()
  return execute("unmute")
end

---Mutes, or unmutes if it is muted.
---@return boolean sent
function M.toggle_mute()
  return execute(M.state().microphone == "muted" and "unmute" or "mute")
end

---Push-to-talk: true opens the microphone, false closes it, nothing toggles.
---@param down? boolean
---@return boolean sent
function M.talk(down)
  if down == nil then
    down = not require("duologue.status").talking()
  end
  return parts().say(down)
end

---The talk key went down, or repeats: holding it talks until it is let go, a tap until the next tap.
function M.talk_key()
  parts().talk_key.press()
end

---Silences the partner without typing.
---@return boolean sent
function M.hush()
  return require("duologue.client").notify("duologue/activity", { keys = 1 })
end

---Nothing unprompted for a while.
---@param minutes? number 10 if absent
---@return boolean sent
function M.snooze(minutes)
  return execute("snooze", { minutes = minutes or 10 })
end

---Closes the microphone and says nothing until woken.
---@return boolean sent
function M.sleep()
  return execute("sleep")
end

---Ends that.
---@return boolean sent
function M.wake()
  return execute("wake")
end

---Says the last thing again. In Lua: require("duologue")["repeat"]().
---@return boolean sent
M["repeat"] = function()
  return execute("repeat")
end

---Says why the partner spoke.
---@return boolean sent
function M.why()
  return execute("why")
end

---@param id? string
---@return { id?: string } what is meant: the named one, else that of the cursor's line, else the newest
local function chosen(id)
  local offers = require("duologue.offers")
  id = id or offers.at_cursor() or (offers.list()[1] or {}).id
  return id and { id = id } or vim.empty_dict()
end

---Takes a suggestion: the named one, else that of the cursor's line, else the newest.
---@param id? string
---@return boolean sent
function M.accept(id)
  return execute("accept", chosen(id))
end

---Turns a suggestion down; chosen as in accept().
---@param id? string
---@param forever? boolean nothing of its kind is ever said again
---@return boolean sent
function M.dismiss(id, forever)
  return execute("dismiss", vim.tbl_extend("force", chosen(id), forever and { forever = true } or {}))
end

---Puts the cursor at the newest suggestion; from there, at the one before it.
---@return boolean whether there is one
function M.jump()
  return require("duologue.offers").jump()
end

---@return duologue.Offer[] the suggestions that can be taken, newest first
function M.offers()
  return require("duologue.offers").list()
end

---Opens all that was said as a buffer, which grows while it is open.
function M.transcript()
  require("duologue.transcript").open()
end

---Lets the user choose among all that can be done now.
function M.menu()
  require("duologue.menu").open()
end

---Tells how a test run ended, such as from a neotest consumer.
---@param result { passed: integer, failed: integer, message?: string, failures?: table[] }
---@return boolean sent
function M.tests(result)
  return require("duologue.context").tests(result)
end

---@return duologue.State the last one; all off without a server
function M.state()
  return require("duologue.status").get()
end

---@param coloured? boolean with highlights, for '%{%…%}'
---@return string such as "◉ listening", for a statusline
function M.statusline(coloured)
  local status = require("duologue.status")
  -- The colours are made for the statusline of the window in which one works.
  local here = tostring(vim.api.nvim_get_current_win()) == (vim.g.actual_curwin or "")
  return coloured and here and ("%%#%s#%s%%*"):format(status.group(), status.line()) or status.line()
end

---@return string the highlight group that fits the statusline
function M.statusline_group()
  return require("duologue.status").group()
end

return M
