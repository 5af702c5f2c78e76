---The one language client of this Neovim: one partner and one microphone for all buffers and roots.
local config = require("duologue.config")

local M = {}

local NAME = "duologue"
local MARKERS = { "pyproject.toml", "package.json", "Cargo.toml", "go.mod" }

---@type integer?
local id
---@type (fun(client: vim.lsp.Client))[] what waits for the handshake
local waiting = {}
---Set when the server is missing or has died, so that opening files does not start it over and over.
local broken = false
---Whether the server that runs has shaken hands; one that never did is not started again.
local met = false
---@type number[] when it died, on the clock of vim.uv.now()
local deaths = {}
---A server that dies more often than this within the time is not started again.
local MOST_DEATHS = 4
local DEATHS_WITHIN_MS = 180000

---@class duologue.Events
---@field ready fun() a server is there, and knows nothing yet
---@field gone fun(trouble: duologue.Trouble, message: string) there is none any more; "starting": a new one is on its way

---@type table<string, function>
local handlers = {}
---@type duologue.Events
local events

---@param new_handlers table<string, function> what to do with messages from the server
---@param new_events duologue.Events
function M.wire(new_handlers, new_events)
  handlers, events = new_handlers, new_events
end

---Client methods took no self before Neovim 0.11.
local with_self = vim.fn.has("nvim-0.11") == 1

---@param client vim.lsp.Client
---@param method "request"|"notify"
local function call(client, method, ...)
  if with_self then
    return client[method](client, ...)
  end
  return client[method](...)
end

---@param text string
---@param level integer of vim.log.levels
function M.tell(text, level)
  -- The server puts the same in front of its messages, for editors that do not say whose they are.
  vim.notify("Duologue: " .. text:gsub("^Duologue: ", ""), level)
end

---@return vim.lsp.Client? nil before the handshake is done
function M.get()
  local client = id and vim.lsp.get_client_by_id(id)
  return client and client.initialized and client or nil
end

---@param method string
---@param params table
---@return boolean whether there is a server that gets it
function M.notify(method, params)
  local client = M.get()
  return client ~= nil and call(client, "notify", method, params) or false
end

---@param bufnr integer
---@return string
local function root_of(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  return vim.fs.root(bufnr, ".git")
    or vim.fs.root(bufnr, MARKERS)
    or (name ~= "" and vim.bo[bufnr].buftype == "" and vim.fs.dirname(name))
    or vim.fn.getcwd()
end

---@param bufnr integer
---@return boolean whether the buffer is a file that the partner may see
local function wanted(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == "" or vim.bo[bufnr].buftype ~= "" or not vim.api.nvim_buf_is_loaded(bufnr) then
    return false
  end
  if name:match("^%a[%w+.-]+://") or vim.fn.isdirectory(name) == 1 then
    return false
  end
  if name == require("vim.lsp.log").get_filename() then
    return false
  end
  local filetypes = config.options.filetypes
  return not filetypes or vim.tbl_contains(filetypes, vim.bo[bufnr].filetype)
end

---@param client vim.lsp.Client
---@param bufnr integer
local function add_root(client, bufnr)
  local workspace = (client.server_capabilities or {}).workspace or {}
  if not (workspace.workspaceFolders or {}).changeNotifications then
    return
  end
  local root = root_of(bufnr)
  local folder = { uri = vim.uri_from_fname(root), name = root }
  for _, known in ipairs(client.workspace_folders or {}) do
    if known.uri == folder.uri then
      return
    end
  end
  client.workspace_folders = vim.list_extend(client.workspace_folders or {}, { folder })
  call(client, "notify", "workspace/didChangeWorkspaceFolders", { event = { added = { folder }, removed = {} } })
end

---@return lsp.ClientCapabilities
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  all.general = all.general or {}
  -- Most servers count in UTF-16, and Neovim warns when the clients of a buffer differ.
  all.general.positionEncodings = { "utf-16" }
  all.experimental = { duologue = { version = 1 } }
  if config.options.offers ~= "inlay_hint" then
    all.textDocument.inlayHint, all.workspace.inlayHint = nil, nil
  end
  -- edits.lua goes beyond what Neovim says of itself.
  all.workspace.workspaceEdit = vim.tbl_extend("force", all.workspace.workspaceEdit or {}, {
    documentChanges = true,
    changeAnnotationSupport = { groupsOnLabel = false },
  })
  return all
end

---@return table<string, fun(command: lsp.Command)> what code actions run, so that the answer is shown here as well
local function commands()
  local all = {}
  for _, verb in ipairs({ "accept", "dismiss" }) do
    all["duologue." .. verb] = function(command)
      M.execute(verb, (command.arguments or {})[1])
    end
  end
  return all
end

---@return table
local function settings()
  local chosen = config.options.settings
  return { duologue = next(chosen) and chosen or vim.empty_dict() }
end

---@param client vim.lsp.Client
local function on_init(client)
  local ready = waiting
  waiting, met = {}, true
  -- Suggestions are shown by offers.lua; with Neovim's inlay hints as well they would stand there twice.
  if config.options.offers ~= "inlay_hint" then
    client.server_capabilities.inlayHintProvider = nil
  end
  -- Neovim sends didOpen for the attached buffers after this callback.
  vim.schedule(function()
    events.ready()
    for _, run in ipairs(ready) do
      run(client)
    end
  end)
end

local SIGTERM = 15

---@return boolean whether one more server may be started in place of a dead one
local function may_start_again()
  local now = vim.uv.now()
  deaths = vim.tbl_filter(function(at)
    return now - at < DEATHS_WITHIN_MS
  end, deaths)
  table.insert(deaths, now)
  return met and #deaths <= MOST_DEATHS
end

---@param code integer
---@param signal integer
local function on_exit(code, signal)
  id, waiting = nil, {}
  -- Neovim itself ends a client that does not go by SIGTERM.
  if (code == 0 or code == 128 + SIGTERM) and (signal == 0 or signal == SIGTERM) then
    events.gone("", "")
    return
  end
  local how = signal > 0 and ("was killed by signal %d"):format(signal) or ("ended with code %d"):format(code)
  if may_start_again() then
    M.tell(("the language server %s, and is started again"):format(how), vim.log.levels.WARN)
    events.gone("starting", "")
    return
  end
  broken = true
  events.gone("lost", "there is no server; see :checkhealth duologue")
  local text = "the language server %s. :Duologue log may say why; :Duologue start starts it again."
  M.tell(text:format(how), vim.log.levels.ERROR)
end

---Starts the server if it does not run.
---@param bufnr integer whose root is the workspace
---@return boolean whether it runs, or is on its way
local function start(bufnr)
  if id and vim.lsp.get_client_by_id(id) then
    return true
  end
  local cmd = require("duologue.install").resolve(config.options.cmd)
  if vim.fn.executable(cmd[1]) == 0 then
    broken = true
    local text = "cannot find the command '%s'. Install it: :Duologue install, or pip install duologue. "
      .. 'Or say where it is: require("duologue").setup({ cmd = { "/path/to/duologue", "lsp" } }).'
    events.gone("lost", "there is no server; see :checkhealth duologue")
    M.tell(text:format(cmd[1]), vim.log.levels.ERROR)
    return false
  end
  local client_config = {
    name = NAME,
    cmd = cmd,
    root_dir = root_of(bufnr),
    settings = settings(),
    capabilities = capabilities(),
    handlers = handlers,
    commands = commands(),
    -- Neovim would hold a change back for 150 ms.
    flags = { debounce_text_changes = 0 },
    on_init = on_init,
    on_exit = vim.schedule_wrap(on_exit),
  }
  if with_self then
    id = vim.lsp.start(client_config, { attach = false })
  else
    id = vim.lsp.start_client(client_config)
  end
  broken, met = id == nil, false
  return id ~= nil
end

---Shows a buffer to the partner, if it is a file that it may see.
---@param bufnr integer
function M.attach(bufnr)
  if broken or not wanted(bufnr) or (id and vim.lsp.buf_is_attached(bufnr, id)) then
    return
  end
  if not start(bufnr) then
    return
  end
  vim.lsp.buf_attach_client(bufnr, id)
  local client = M.get()
  if client then
    add_root(client, bufnr)
  else
    table.insert(waiting, function(ready)
      if vim.api.nvim_buf_is_valid(bufnr) then
        add_root(ready, bufnr)
      end
    end)
  end
end

---Starts the server, also after it was missing or has died.
---@return boolean
function M.ensure()
  broken, deaths = false, {}
  return start(vim.api.nvim_get_current_buf())
end

---Starts a new server in the place of one that has died.
---@return boolean
function M.again()
  return start(vim.api.nvim_get_current_buf())
end

---Gives a running server the settings of a later setup().
function M.configure()
  local client = id and vim.lsp.get_client_by_id(id)
  if client then
    client.settings = settings()
    M.notify("workspace/didChangeConfiguration", { settings = client.settings })
  end
end

---@param other vim.lsp.Client any client
---@param method string
---@param params table
---@param on_result fun(err?: lsp.ResponseError, result: any)
function M.ask(other, method, params, on_result)
  call(other, "request", method, params, on_result)
end

---@param err? lsp.ResponseError
---@param answer? duologue.Answer
---@return boolean whether it was done
local function report(err, answer)
  if err then
    M.tell(err.message, vim.log.levels.ERROR)
    return false
  end
  if type(answer) ~= "table" then
    return true
  end
  if (answer.message or "") ~= "" then
    M.tell(answer.message, answer.ok and vim.log.levels.INFO or vim.log.levels.WARN)
  end
  return answer.ok ~= false
end

---Sends `duologue.<verb>`, after the handshake if that is still going on.
---@param verb string
---@param args? table
---@param done? fun(ok: boolean)
---@return boolean whether there is a server to ask
function M.execute(verb, args, done)
  if not id then
    M.tell("the server does not run. :Duologue start starts it.", vim.log.levels.WARN)
    return false
  end
  local params = { command = "duologue." .. verb, arguments = { args or vim.empty_dict() } }
  local function send(client)
    M.ask(client, "workspace/executeCommand", params, function(err, answer)
      local ok = report(err, answer)
      if done then
        done(ok)
      end
    end)
  end
  local client = M.get()
  if client then
    send(client)
  else
    table.insert(waiting, send)
  end
  return true
end

return M
