/** Commits and branches, from VS Code's own git extension if it is there: it is not where the code is remote. */
import * as vscode from "vscode";

interface Repository {
  state: { HEAD?: { name?: string; commit?: string }; onDidChange: vscode.Event<void> };
  commit(message: string, options: { all: boolean }): Promise<void>;
}
interface GitApi {
  repositories: Repository[];
  onDidOpenRepository: vscode.Event<Repository>;
}
interface GitExtension {
  getAPI(version: 1): GitApi;
}

export interface GitEvent {
  event: "commit" | "checkout";
}

function watchRepository(repository: Repository, tell: (event: GitEvent) => void): vscode.Disposable {
  let { name, commit } = repository.state.HEAD ?? {};
  return repository.state.onDidChange(() => {
    const head = repository.state.HEAD;
    // While a repository is being read its head is unknown for a moment.
    if (!head?.commit || (head.name === name && head.commit === commit)) {
      return;
    }
    const known = commit !== undefined;
    const event = head.name === name ? "commit" : "checkout";
    ({ name, commit } = head);
    if (known) {
      tell({ event });
    }
  });
}

/** The first repository that is open, if git is there. */
export function repository(): Repository | undefined {
  const extension = vscode.extensions.getExtension<GitExtension>("vscode.git");
  return extension?.isActive ? extension.exports.getAPI(1).repositories[0] : undefined;
}

/** Tells of every commit and checkout from now on. */
export function watchGit(tell: (event: GitEvent) => void, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables: vscode.Disposable[] = [];
  const extension = vscode.extensions.getExtension<GitExtension>("vscode.git");
  extension?.activate().then(
    (git) => {
      const api = git.getAPI(1);
      const watch = (repository: Repository): void => void disposables.push(watchRepository(repository, tell));
      api.repositories.forEach(watch);
      disposables.push(api.onDidOpenRepository(watch));
    },
    (error: unknown) => log.debug(`commits are not seen, for git is not there: ${error}`),
  );
  return new vscode.Disposable(() => vscode.Disposable.from(...disposables).dispose());
}
