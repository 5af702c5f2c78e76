(for_statement initializer: (_) @start condition: (_) @asked increment: (_) @step) @here
