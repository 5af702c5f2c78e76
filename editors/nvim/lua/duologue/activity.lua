---Fingers and focus: that keys were pressed, never which. Nothing is watched while the voice is off.
local client = require("duologue.client")
local pace = require("duologue.pace")
local status = require("duologue.status")

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("duologue.activity")
local GROUP = "duologue.activity"
local INTERVAL_MS = 50

local watching = false
local keys = 0

local push = pace(INTERVAL_MS, function()
  local count = keys
  keys = 0
  if watching then
    local selecting = vim.api.nvim_get_mode().mode:find("^[vVsS\22\19]") ~= nil
    client.notify("duologue/activity", { keys = count, selecting = selecting })
  end
end)

---@param typed string
---@return boolean whether a finger did it: Neovim also reports the mouse, focus and its own events as keys
local function pressed(typed)
  if typed == "" then
    return false
  end
  if typed:byte() ~= 0x80 then
    return true
  end
  local name = vim.fn.keytrans(typed)
  for _, other in ipairs({ "Mouse", "Drag", "Release", "Wheel", "Focus", "CursorHold", "<t_" }) do
    if name:find(other, 1, true) then
      return false
    end
  end
  return true
end

local MODES = { i = "i", R = "i", v = "x", V = "x", ["\22"] = "x", t = "t" }

---@param typed string
---@return boolean whether it is the talk key that is held, or ends talking: whoever talks does not type
local function talks(typed)
  if #typed < 2 or not status.talking() then
    return false
  end
  local mode = MODES[vim.api.nvim_get_mode().mode:sub(1, 1)] or "n"
  return vim.fn.maparg(vim.fn.keytrans(typed), mode) == "<Plug>(duologue-talk)"
end

---@param focused boolean
local function on_focus(focused)
  client.notify("duologue/activity", { focused = focused })
end

---Watches from now on, or no longer.
---@param on boolean
function M.watch(on)
  if on == watching then
    return
  end
  watching, keys = on, 0
  vim.api.nvim_create_augroup(GROUP, { clear = true })
  if not on then
    vim.on_key(nil, NAMESPACE)
    return
  end
  vim.on_key(function(_, typed)
    if pressed(typed or "") and not talks(typed) then
      keys = keys + 1
      push()
    end
  end, NAMESPACE)
  for event, focused in pairs({ FocusGained = true, FocusLost = false }) do
    vim.api.nvim_create_autocmd(event, {
      group = GROUP,
      callback = function()
        on_focus(focused)
      end,
    })
  end
end

return M
