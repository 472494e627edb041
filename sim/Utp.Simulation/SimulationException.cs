namespace Utp.Simulation;

/// <summary>Reports that the simulation detected something that must not happen.</summary>
internal sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
