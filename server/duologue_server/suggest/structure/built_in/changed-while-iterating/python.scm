(for_statement right: [(identifier) (attribute)] @over body: (block) @body) @here
