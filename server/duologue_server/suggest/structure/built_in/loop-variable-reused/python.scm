(for_statement left: (identifier) @name right: (_) @over) @here
