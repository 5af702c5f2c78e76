-- Runs the unit tests beside it: `nvim -l editors/nvim/test/run.lua` from anywhere. Ends with 1 when one fails.
local here = vim.fs.dirname(vim.fs.abspath and vim.fs.abspath(arg[0]) or vim.fn.fnamemodify(arg[0], ":p"))
vim.opt.runtimepath:prepend(vim.fs.dirname(here))

local failed, passed = 0, 0

---@param what string
---@param run fun()
function _G.test(what, run)
  local ok, problem = xpcall(run, debug.traceback)
  passed, failed = passed + (ok and 1 or 0), failed + (ok and 0 or 1)
  if not ok then
    print(("FAILED %s\n%s\n"):format(what, problem))
  end
end

---@param actual any
---@param expected any
function _G.equal(actual, expected)
  if not vim.deep_equal(actual, expected) then
    error(("got %s, not %s"):format(vim.inspect(actual), vim.inspect(expected)), 2)
  end
end

for name in vim.fs.dir(here) do
  if name:find("_test%.lua$") then
    dofile(vim.fs.joinpath(here, name))
  end
end
print(("%d passed, %d failed\n"):format(passed, failed))
os.exit(failed == 0 and passed > 0 and 0 or 1)
