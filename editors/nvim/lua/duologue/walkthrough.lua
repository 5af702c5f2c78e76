---First steps: a page to read, and the programs that check sound and microphone.
local config = require("duologue.config")

local M = {}

---@return string[] the program of the server, to be run with other arguments
function M.program()
  local cmd = require("duologue.install").resolve(config.options.cmd)
  for index = #cmd, 2, -1 do
    if cmd[index] == "lsp" then
      return vim.list_slice(cmd, 1, index - 1)
    end
  end
  return vim.deepcopy(cmd)
end

---@param command string[] run in a terminal below
---@param on_exit? fun(code: integer)
function M.terminal(command, on_exit)
  if vim.fn.executable(command[1]) == 0 then
    local text = "cannot find the command '%s'. See :checkhealth duologue."
    require("duologue.client").tell(text:format(command[1]), vim.log.levels.ERROR)
    return
  end
  vim.cmd.new({ mods = { split = "botright" } })
  local options = {
    on_exit = function(_, code)
      if on_exit then
        on_exit(code)
      end
    end,
  }
  if vim.fn.has("nvim-0.11") == 1 then
    vim.fn.jobstart(command, vim.tbl_extend("force", options, { term = true }))
  else
    vim.fn.termopen(command, options)
  end
  vim.cmd.startinsert()
end

---Half a minute with the user: how loud, how much noise and echo, what it understands.
function M.check()
  M.terminal(vim.list_extend(M.program(), { "doctor", "--mic" }))
end

---Checks every part, each failure with what to do.
function M.doctor()
  M.terminal(vim.list_extend(M.program(), { "doctor" }))
end

function M.walkthrough()
  if pcall(vim.cmd.help, "duologue-walkthrough") then
    return
  end
  -- Nobody has run :helptags, which a plugin manager does and a bare runtime path does not.
  local page = vim.api.nvim_get_runtime_file("doc/duologue.txt", false)[1]
  vim.cmd("botright split")
  vim.cmd.view(vim.fn.fnameescape(page))
  vim.bo.filetype = "help"
  vim.fn.search("\\V*duologue-walkthrough*", "w")
end

---At the first start ever, says where the first steps are.
function M.greet()
  local folder = vim.fs.joinpath(vim.fn.stdpath("state") --[[@as string]], "duologue")
  local stamp = vim.fs.joinpath(folder, "welcomed")
  if vim.uv.fs_stat(stamp) then
    return
  end
  vim.fn.mkdir(folder, "p")
  local file = io.open(stamp, "w")
  if file then
    file:close()
    require("duologue.client").tell("for the first time here? :Duologue walkthrough", vim.log.levels.INFO)
  end
end

return M
