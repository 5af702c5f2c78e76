[(statement_list) (literal_value) (source_file)] @here
