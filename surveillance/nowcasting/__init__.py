"""Nowcasting: what the last days will come to once every act has arrived, how sure, and how wrong it was before."""
