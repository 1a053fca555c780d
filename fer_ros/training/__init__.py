"""Training, evaluation and export of the networks; torch is imported only here."""
