(for_statement initializer: (_) @start) @here
