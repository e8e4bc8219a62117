package tinyllm.kernel.host;

import java.util.List;

/** The outputs' bytes in their order, none if the run was stopped, and what was seen. */
public record HostResult(List<byte[]> outputs, HostReport report) {}
