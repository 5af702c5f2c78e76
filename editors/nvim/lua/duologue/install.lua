---The server in an environment of its own, for who has none on the search path.
local M = {}

---Run by the Python that is found; its output is what the user sees.
local SCRIPT = [[
import pathlib, subprocess, sys, venv
if sys.version_info < (3, 11):
    sys.exit(f"Duologue needs Python 3.11 or newer; this is {sys.version.split()[0]}")
folder = pathlib.Path(sys.argv[1])
print("making an environment in", folder, flush=True)
venv.EnvBuilder(with_pip=True, clear=True).create(folder)
python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
subprocess.check_call([python, "-m", "pip", "install", "--disable-pip-version-check", "duologue"])
print("done")
]]

---@return string
local function folder()
  return vim.fs.joinpath(vim.fn.stdpath("data") --[[@as string]], "duologue", "server")
end

---@return string? the program that install() made, if it did
function M.program()
  local path = vim.fs.joinpath(folder(), vim.fn.has("win32") == 1 and "Scripts/duologue.exe" or "bin/duologue")
  return vim.fn.executable(path) == 1 and path or nil
end

---@param cmd string[]
---@return string[] the same with the program that install() made, where there is no other
function M.resolve(cmd)
  local own = cmd[1] == "duologue" and vim.fn.executable(cmd[1]) == 0 and M.program()
  return own and vim.list_extend({ own }, cmd, 2) or cmd
end

---Makes the environment in a terminal, then starts the server.
function M.install()
  local python = vim.iter({ "python3", "python" }):find(function(name)
    return vim.fn.executable(name) == 1
  end)
  if not python then
    require("duologue.client").tell("cannot find Python 3.11 or newer, which the server needs", vim.log.levels.ERROR)
    return
  end
  require("duologue.walkthrough").terminal({ python, "-c", SCRIPT, folder() }, function(code)
    if code == 0 then
      require("duologue.client").tell("the server is installed: :Duologue start", vim.log.levels.INFO)
    end
  end)
end

return M
