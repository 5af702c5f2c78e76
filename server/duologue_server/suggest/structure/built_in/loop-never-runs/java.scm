(for_statement init: (_) @start condition: (_) @asked update: (_) @step) @here
