---The last word of the server about microphone, user and partner, and how it reads in a line.
local M = {}

---@type duologue.State
local off = {
  voice = "off",
  microphone = "off",
  user = "quiet",
  partner = "silent",
  health = "ok",
  message = "",
  seq = 0,
}

---@type duologue.State
local state = vim.deepcopy(off)
local talking = false

local microphones = {
  open = "◉ listening",
  push_to_talk = "◍ push to talk",
  muted = "◌ muted",
  asleep = "◌ asleep",
  absent = "✗ no microphone",
  off = "◌ microphone off",
}

local partners = { speaking = "▶ speaking", ducked = "▷ speaking low", thinking = "… thinking" }

---@return duologue.State
function M.get()
  return vim.deepcopy(state)
end

---@return boolean whether the voice was asked for and has not been stopped
function M.started()
  return state.voice ~= "off"
end

---@return boolean whether somebody speaks, so that captions have to stay
function M.sounding()
  return state.user == "speaking" or state.partner ~= "silent"
end

---@param down? boolean
---@return boolean whether push-to-talk is held; the server is told by whoever sets it
function M.talking(down)
  if down ~= nil then
    talking = down
  end
  return talking
end

---@param new? duologue.State nil: there is no server
---@return boolean whether it is news; an older one that came late is not
function M.set(new)
  if new and (new.seq or 0) < state.seq then
    return false
  end
  state = vim.tbl_extend("force", off, new or {})
  if state.voice == "off" then
    talking = false
  end
  vim.api.nvim_exec_autocmds("User", { pattern = "DuologueState", modeline = false, data = M.get() })
  vim.cmd.redrawstatus({ bang = true })
  return true
end

---@return string
local function microphone()
  if state.microphone == "push_to_talk" and talking then
    return "◉ talk now"
  end
  if state.microphone == "open" and state.user == "speaking" then
    return "◉ hearing you"
  end
  return microphones[state.microphone] or state.microphone
end

---@return string short, free of '%', fit for a statusline
function M.line()
  local text
  if state.voice == "off" then
    text = state.lost and "✗ no server" or "○ off"
  elseif state.voice == "loading" then
    text = "… loading"
  elseif state.voice == "restarting" then
    text = "… restarting"
  elseif state.voice == "failed" then
    local reason = vim.split(state.message, "[;\n]")[1]
    text = "✗ no voice" .. (reason ~= "" and ": " .. vim.fn.strcharpart(reason, 0, 60) or "")
  elseif partners[state.partner] then
    text = partners[state.partner]
    if state.microphone ~= "open" then
      text = text .. " · " .. microphone()
    end
  else
    text = microphone()
  end
  if state.health ~= "ok" and not text:find("✗") then
    text = text .. " ⚠"
  end
  return (text:gsub("%%", " percent"))
end

return M
