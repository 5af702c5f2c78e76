(list (concatenated_string) @here)
(tuple (concatenated_string) @here)
(set (concatenated_string) @here)
