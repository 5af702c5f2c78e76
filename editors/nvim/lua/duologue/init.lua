---A spoken pair programmer in Neovim. See |duologue.txt|.
local activity = require("duologue.activity")
local captions = require("duologue.captions")
local client = require("duologue.client")
local config = require("duologue.config")
local context = require("duologue.context")
local highlights = require("duologue.highlights")
local offers = require("duologue.offers")
local status = require("duologue.status")

local M = {}

local GROUP = "duologue"
local ready = false

---@param state? duologue.State
local function on_state(state)
  if status.set(state) then
    activity.watch(status.started())
    captions.refresh()
  end
end

---@param params lsp.ShowMessageParams
local function on_message(params)
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }
  client.tell(params.message, levels[params.type] or vim.log.levels.INFO)
end

---@param handle fun(params: table)
---@return lsp.Handler
local function handler(handle)
  return function(_, params)
    handle(params)
  end
end

---@param died boolean
local function on_gone(died)
  on_state(nil)
  if died then
    on_state({ lost = true, health = "error", message = "there is no server; see :checkhealth duologue" })
  end
  captions.clear()
  offers.clear()
  context.forget()
end

local function watch()
  vim.api.nvim_create_augroup(GROUP, { clear = true })
  vim.api.nvim_create_autocmd({ "FileType", "BufWinEnter", "BufFilePost" }, {
    group = GROUP,
    callback = function(event)
      client.attach(event.buf)
    end,
  })
  vim.api.nvim_create_autocmd("LspAttach", {
    group = GROUP,
    callback = function(event)
      local ours = client.get()
      if ours and event.data.client_id == ours.id then
        context.catch_up(event.buf)
      end
    end,
  })
  vim.api.nvim_create_autocmd("ColorScheme", { group = GROUP, callback = highlights.define })
  captions.watch()
  context.watch()
  offers.watch()
end

---@param keymaps table<string, string>
local function map(keymaps)
  for name, key in pairs(keymaps) do
    vim.keymap.set({ "n", "x", "i", "t" }, key, ("<Plug>(duologue-%s)"):format(name), { desc = "Duologue: " .. name })
  end
end

---@param opts? duologue.UserOptions
local function prepare(opts)
  config.apply(opts)
  for _, problem in ipairs(config.problems) do
    client.tell(problem, vim.log.levels.WARN)
  end
  if vim.fn.has("nvim-0.10") == 0 then
    client.tell("needs Neovim 0.10 or later", vim.log.levels.ERROR)
    return
  end
  ready = true
  highlights.define()
  client.wire({
    ["duologue/state"] = handler(on_state),
    ["duologue/transcript"] = handler(captions.update),
    ["duologue/offer"] = handler(offers.update),
    ["window/showMessage"] = handler(on_message),
  }, on_gone)
  watch()
  map(config.options.keymaps)
  client.configure()
end

local function attach_all()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    client.attach(bufnr)
  end
end

---Gets everything ready and shows the open files to the server; the voice starts with start().
---@param opts? duologue.UserOptions
function M.setup(opts)
  prepare(opts)
  if ready then
    attach_all()
  end
end

---@return boolean whether setup() has been called, by the user or by start()
function M.is_ready()
  return ready
end

---Starts the voice, and the server if it does not run.
---@return boolean sent
function M.start()
  if not ready then
    prepare()
  end
  if not (ready and client.ensure()) then
    return false
  end
  attach_all()
  return client.execute("start")
end

---Ends the voice. The server stays.
function M.stop()
  return client.execute("stop")
end

function M.mute()
  return client.execute("mute")
end

function M.unmute()
  return client.execute("unmute")
end

---Push-to-talk. Terminals tell no key-up, so without an argument it toggles.
---@param down? boolean
---@return boolean sent
function M.talk(down)
  if down == nil then
    down = not status.talking()
  end
  local sent = client.execute("pushToTalk", { down = down })
  status.talking(sent and down)
  captions.refresh()
  vim.cmd.redrawstatus({ bang = true })
  return sent
end

---@param minutes? number 10 if absent
function M.snooze(minutes)
  return client.execute("snooze", { minutes = minutes or 10 })
end

---Says the last thing again. In Lua: require("duologue")["repeat"]().
M["repeat"] = function()
  return client.execute("repeat")
end

---Says why the partner spoke.
function M.why()
  return client.execute("why")
end

---@param verb string
---@param id? string
local function decide(verb, id)
  id = id or offers.at_cursor()
  return client.execute(verb, id and { id = id } or nil)
end

---Takes a suggestion: the named one, else that of the cursor's line, else the last one.
---@param id? string
function M.accept(id)
  return decide("accept", id)
end

---Turns a suggestion down; chosen as in accept().
---@param id? string
function M.dismiss(id)
  return decide("dismiss", id)
end

---@return duologue.State the last one; all off without a server
function M.state()
  return status.get()
end

---@return string such as "◉ listening", for a statusline
function M.statusline()
  return status.line()
end

return M
