using Utp.Simulation.Randomness;

namespace Utp.Simulation.Network;

internal sealed class GilbertElliott(GilbertElliottSettings settings, SeededRandomSource random)
{
    private bool _isBad;

    public bool IsNextLost()
    {
        if (random.NextDouble() < (_isBad ? settings.BadToGood : settings.GoodToBad))
        {
            _isBad = !_isBad;
        }

        return random.NextDouble() < (_isBad ? settings.LossInBad : settings.LossInGood);
    }
}
