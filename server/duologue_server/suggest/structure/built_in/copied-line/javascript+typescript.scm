[(statement_block) (program) (object) (class_body)] @here
