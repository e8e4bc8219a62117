"""What ./lab does before Java takes over: set-up, JupyterLab, the chapters' files, and the test run."""
