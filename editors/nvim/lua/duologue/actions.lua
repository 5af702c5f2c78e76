---What spoken commands want of the editor that no language server can do.
local M = {}

---@alias duologue.Action fun(argument: string)

---@param keys string as in a mapping
---@return duologue.Action
local function normal(keys)
  return function()
    vim.cmd.normal({ vim.keycode(keys), bang = true })
  end
end

---@param command string
---@return duologue.Action
local function ex(command)
  return function()
    vim.cmd(command)
  end
end

---@param name string of a method of vim.lsp.buf
---@return duologue.Action
local function lsp(name)
  return function(argument)
    vim.lsp.buf[name](argument ~= "" and argument or nil)
  end
end

---The first of several plugins that is there.
---@param what string
---@param tries (fun(): boolean)[] each returns whether it could
---@return duologue.Action
local function first(what, tries)
  return function()
    for _, try in ipairs(tries) do
      if try() then
        return
      end
    end
    error(("there is no plugin here that can %s"):format(what), 0)
  end
end

---@param module string
---@param run fun(plugin: table)
---@return fun(): boolean
local function plugin(module, run)
  return function()
    local found, loaded = pcall(require, module)
    if found then
      run(loaded)
    end
    return found
  end
end

---@param command string
---@return fun(): boolean
local function command(command)
  return function()
    local there = vim.fn.exists(":" .. command:match("^%S+")) == 2
    if there then
      vim.cmd(command)
    end
    return there
  end
end

---@param program string[]
---@return duologue.Action
local function terminal(program)
  return function()
    vim.cmd("botright split")
    vim.cmd.terminal(table.concat(vim.tbl_map(vim.fn.shellescape, program), " "))
  end
end

---@param count integer
---@return duologue.Action
local function problem(count)
  return function()
    if vim.diagnostic.jump then
      vim.diagnostic.jump({ count = count, float = true })
    elseif count > 0 then
      vim.diagnostic.goto_next()
    else
      vim.diagnostic.goto_prev()
    end
  end
end

---@param text string
local function find(text)
  local pattern = "\\V\\c" .. text:gsub("\\", "\\\\")
  vim.fn.setreg("/", pattern)
  if vim.fn.search(pattern) == 0 then
    error(("'%s' is not in this file"):format(text), 0)
  end
end

---@param name string as it was heard
local function open_file(name)
  local wanted = name:lower():gsub("%s+", "")
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[bufnr].buflisted and vim.endswith("/" .. vim.api.nvim_buf_get_name(bufnr):lower(), "/" .. wanted) then
      vim.cmd.buffer(bufnr)
      return
    end
  end
  local found = vim.fs.find(function(other, path)
    return other:lower() == wanted and not path:find("/%.")
  end, { path = vim.fs.root(0, ".git") or vim.uv.cwd(), type = "file" })
  if not found[1] then
    error(("there is no file '%s'"):format(name), 0)
  end
  vim.cmd.edit(vim.fn.fnameescape(found[1]))
end

---@param message string
local function commit(message)
  local root = vim.fs.root(0, ".git")
  if not root then
    error("this file is in no git repository", 0)
  end
  local made = vim.system({ "git", "commit", "--all", "--message", message }, { cwd = root, text = true }):wait(10000)
  if made.code ~= 0 then
    local said = vim.trim(made.stderr ~= "" and made.stderr or made.stdout or "")
    error("git says: " .. (vim.split(said, "\n")[1] or ""), 0)
  end
end

---@type integer?
local sheet

---@param text string what can be said here, a line for each
local function cheat_sheet(text)
  local lines = vim.split(text, "\n")
  if not (sheet and vim.api.nvim_buf_is_valid(sheet)) then
    sheet = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(sheet, "duologue-commands:")
  end
  vim.bo[sheet].modifiable = true
  vim.api.nvim_buf_set_lines(sheet, 0, -1, false, lines)
  vim.bo[sheet].modifiable = false
  if vim.fn.bufwinid(sheet) < 0 then
    local height = math.max(3, math.min(#lines, math.floor(vim.o.lines / 3)))
    vim.api.nvim_open_win(sheet, false, { split = "below", win = -1, height = height, style = "minimal" })
  end
end

local function close_window()
  if not pcall(vim.cmd.close) then
    vim.cmd.bdelete()
  end
end

local function complete()
  vim.api.nvim_feedkeys(vim.keycode(vim.api.nvim_get_mode().mode == "i" and "<C-x><C-o>" or "a<C-x><C-o>"), "n", false)
end

---@param scope fun(): any
local function neotest(scope)
  return plugin("neotest", function(tests)
    tests.run.run(scope())
  end)
end

---@type table<string, duologue.Action>
M.actions = {
  back = normal("<C-o>"),
  forward = normal("1<C-i>"),
  definition = lsp("definition"),
  references = function()
    vim.lsp.buf.references()
  end,
  hover = lsp("hover"),
  symbol = lsp("workspace_symbol"),
  nextProblem = problem(1),
  previousProblem = problem(-1),
  problems = function()
    vim.diagnostic.setqflist()
  end,
  completions = complete,
  quickFix = lsp("code_action"),
  format = lsp("format"),
  find = find,
  nextMatch = normal("n"),
  previousMatch = normal("N"),
  fold = normal("zc"),
  unfold = normal("zo"),
  save = ex("write"),
  saveAll = ex("wall"),
  runTests = first("run tests", { neotest(vim.uv.cwd), command("TestSuite") }),
  runThisTest = first("run tests", {
    neotest(function() end),
    command("TestNearest"),
  }),
  runTestFile = first("run tests", {
    neotest(function()
      return vim.api.nvim_buf_get_name(0)
    end),
    command("TestFile"),
  }),
  runFile = first("run a file", { command("RunFile"), command("RunCode") }),
  debug = first("debug", {
    plugin("dap", function(dap)
      dap.continue()
    end),
  }),
  breakpoint = first("debug", {
    plugin("dap", function(dap)
      dap.toggle_breakpoint()
    end),
  }),
  build = ex("make"),
  commit = commit,
  commitAsking = first("commit", {
    command("Git commit --all"),
    function()
      terminal({ "git", "commit", "--all" })("")
      return true
    end,
  }),
  showChanges = first("show changes", {
    command("Git"),
    function()
      terminal({ "git", "--no-pager", "diff" })("")
      return true
    end,
  }),
  terminal = ex("botright split | terminal"),
  sidebar = first("show files", { command("NvimTreeToggle"), command("Neotree toggle"), command("Lexplore") }),
  splitRight = ex("rightbelow vsplit"),
  splitDown = ex("rightbelow split"),
  closeWindow = close_window,
  closeOthers = ex("only"),
  nextWindow = ex("wincmd w"),
  previousWindow = ex("wincmd W"),
  nextBuffer = ex("bnext"),
  previousBuffer = ex("bprevious"),
  buffer = open_file,
  openFile = open_file,
  scrollUp = normal("<C-u>"),
  scrollDown = normal("<C-d>"),
  pageUp = normal("<C-b>"),
  pageDown = normal("<C-f>"),
  center = normal("zz"),
  cheatSheet = cheat_sheet,
}

---`duologue/clientCommand`: does it, and says whether it could. A name that is none of ours is an Ex command, from the
---user's own file.
---@param _ lsp.ResponseError?
---@param params { name: string, argument?: string }
---@return duologue.Answer
function M.on_command(_, params)
  local argument = params.argument or ""
  local action = M.actions[params.name]
  local name = params.name:gsub("^:", "")
  if not action and vim.fn.exists(":" .. name:match("^%S*")) ~= 2 then
    return { ok = false, message = ("Neovim has nothing for '%s'"):format(params.name) }
  end
  local done, trouble = pcall(action or ex(vim.trim(name .. " " .. argument)), argument)
  local told = tostring(trouble)
  return { ok = done, message = done and "" or told:match("Vim[^:]*:(E%d+:.*)") or told }
end

return M
