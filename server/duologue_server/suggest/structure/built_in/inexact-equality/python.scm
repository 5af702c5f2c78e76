(comparison_operator (_) ["==" "!="] (float) @number) @here
