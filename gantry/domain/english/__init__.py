"""Rules of retrieval and memory that know English alone; a message in another language is left to search.

``learning`` takes facts and names from what a person says, ``own_words`` and ``material`` tell that from pasted text and
tasks, ``phrases`` holds the wordings that ranking and summaries look for. Lists of several languages stand beside their
rules: ``domain.relevance``, ``followups``, ``oneself``, ``stop_words``.
"""
