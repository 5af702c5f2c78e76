---Joins the parts; loaded when the first file is shown to the server, or the voice is started.
local actions = require("duologue.actions")
local activity = require("duologue.activity")
local captions = require("duologue.captions")
local client = require("duologue.client")
local context = require("duologue.context")
local edits = require("duologue.edits")
local git = require("duologue.git")
local highlights = require("duologue.highlights")
local offers = require("duologue.offers")
local previews = require("duologue.previews")
local status = require("duologue.status")
local talk = require("duologue.talk")
local transcript = require("duologue.transcript")

local M = {}

local GROUP = "duologue"
---What the user had asked of a server that then died.
---@type duologue.State?
local before

---Opens or closes the microphone of push-to-talk.
---@param down boolean
---@return boolean sent
local function say(down)
  local sent = client.execute("pushToTalk", { down = down }, function(ok)
    if not ok and down then
      M.talk_key.reset()
      status.talking(false)
      captions.refresh()
    end
  end)
  status.talking(sent and down)
  captions.refresh()
  vim.cmd.redrawstatus({ bang = true })
  return sent
end

M.talk_key = talk.new(say)

---Says whether the user talks, whatever the key does.
---@param down boolean
---@return boolean sent
function M.say(down)
  M.talk_key.reset()
  return say(down)
end

---@param state duologue.State
local function on_state(state)
  if status.set(state) then
    activity.watch(status.started())
    captions.refresh()
    if not status.started() then
      M.talk_key.reset()
    end
  end
end

---@param line duologue.TranscriptLine
local function on_line(line)
  captions.update(line)
  transcript.update(line)
end

---@param params lsp.ShowMessageParams
local function on_message(params)
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }
  client.tell(params.message, levels[params.type] or vim.log.levels.INFO)
end

---A message that makes no sense must not break the editor, and others may be added to it.
---@param handle fun(params: table)
---@return lsp.Handler
local function handler(handle)
  return function(_, params)
    if type(params) == "table" then
      handle(params)
    end
  end
end

---@type lsp.Handler
local function on_preview(_, params, ctx)
  local ours = vim.lsp.get_client_by_id(ctx.client_id)
  if ours and type(params) == "table" then
    previews.show(params, ours.offset_encoding)
  end
end

local function attach_all()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    client.attach(bufnr)
  end
end
M.attach_all = attach_all

---A new server goes on where a dead one stopped; the microphone is never more open than it was.
local function resume()
  local was = before
  before = nil
  if not was then
    return
  end
  local verb = ({ muted = "mute", asleep = "sleep" })[was.microphone]
  client.execute("start", nil, function(ok)
    if ok and verb then
      client.execute(verb)
    end
  end)
end

---@param trouble duologue.Trouble
---@param message string
local function on_gone(trouble, message)
  before = trouble == "starting" and status.started() and status.get() or before
  status.without(trouble, message)
  activity.watch(false)
  M.talk_key.reset()
  captions.clear()
  offers.clear()
  context.forget()
  if trouble == "starting" then
    client.again()
    attach_all()
  end
end

local function on_ready()
  if status.trouble() ~= "" then
    status.without("")
  end
  resume()
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
        offers.catch_up(event.buf)
        git.watch(event.buf, context.commit)
      end
    end,
  })
  vim.api.nvim_create_autocmd("ColorScheme", { group = GROUP, callback = highlights.define })
  captions.watch()
  context.watch()
  offers.watch()
end

---Once; a later setup() calls configure().
function M.begin()
  highlights.define()
  client.wire({
    ["duologue/state"] = handler(on_state),
    ["duologue/transcript"] = handler(on_line),
    ["duologue/offer"] = handler(offers.update),
    ["duologue/preview"] = on_preview,
    ["duologue/clientCommand"] = actions.on_command,
    ["window/showMessage"] = handler(on_message),
    ["window/showDocument"] = previews.on_show,
    ["workspace/applyEdit"] = edits.on_apply,
  }, { ready = on_ready, gone = on_gone })
  watch()
end

---The options have changed.
function M.configure()
  captions.configure()
  offers.configure()
  client.configure()
end

return M
