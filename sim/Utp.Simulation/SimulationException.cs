namespace Utp.Simulation;

/// <summary>The simulated world saw something that must not happen.</summary>
internal sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
