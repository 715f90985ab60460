"""What a run of several verbs needs: to be alone, and to remember its steps."""
