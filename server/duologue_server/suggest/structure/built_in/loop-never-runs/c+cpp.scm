(for_statement initializer: (_) @start condition: (_) @asked update: (_) @step) @here
